package dispatcher.build.failure;

import dispatcher.build.failure.AttemptLostException.Kind;
import dispatcher.machine.load.BuildWatch;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import java.util.List;
import java.util.function.Consumer;

/// The result of a build that failed on a machine. Decides whether the build or the machine is to blame, from what
/// Nix says, and from what was measured while the build ran.
///
/// @param lastLines of the build's log
/// @param watch     not closed yet
public record FailedResult(BuildResult result, List<String> lastLines, BuildWatch watch) {
    public FailedResult {
        lastLines = List.copyOf(lastLines);
    }

    /// Returns if the failure is the build's own. May ask the machine for a sample, and waits some seconds for it.
    ///
    /// @param memoryLacked called with the evidence if the machine had no memory left
    /// @throws AttemptLostException if the machine is to blame, or may be
    public void requireOfTheBuild(Consumer<String> memoryLacked) throws AttemptLostException, InterruptedException {
        switch (Diagnosis.of(result, lastLines)) {
            case DISK_FULL ->
                throw lost(watch.disk() instanceof BuildWatch.Disk.LackedInodes ? Kind.NO_INODES : Kind.DISK_FULL);
            case DISK_MENTIONED -> {
                requireRoom();
                requireLasting();
            }
            case KILLED -> requireMemory(memoryLacked);
            case BUILD_FAILED -> requireLasting();
        }
    }

    private void requireMemory(Consumer<String> memoryLacked) throws AttemptLostException, InterruptedException {
        switch (watch.memory()) {
            case BuildWatch.Memory.Lacked(var evidence) -> {
                memoryLacked.accept(evidence);
                throw lost(Kind.OUT_OF_MEMORY);
            }
            case BuildWatch.Memory.Unknown _ -> throw lost(Kind.KILLED_UNEXPLAINED);
            case BuildWatch.Memory.Enough _ -> {
                if (Diagnosis.isBuilderKilled(result)) throw lost(Kind.KILLED);
            }
        }
    }

    /// Returns if the machine's disks had room for a build whose log speaks of a full one.
    private void requireRoom() throws AttemptLostException, InterruptedException {
        switch (watch.disk()) {
            case BuildWatch.Disk.Lacked _ -> throw lost(Kind.DISK_FULL);
            case BuildWatch.Disk.LackedInodes _ -> throw lost(Kind.NO_INODES);
            case BuildWatch.Disk.Unknown _ -> throw lost(Kind.DISK_UNEXPLAINED);
            case BuildWatch.Disk.Enough _ -> {
                if (Diagnosis.mentionsQuota(result, lastLines)) throw lost(Kind.DISK_UNEXPLAINED);
            }
        }
    }

    /// The dispatcher gives a build all inputs, so a failure of a dependency is the machine's.
    private void requireLasting() throws AttemptLostException {
        if (result.status() == BuildStatus.TRANSIENT_FAILURE || result.status() == BuildStatus.DEPENDENCY_FAILED)
            throw lost(Kind.FAILED);
    }

    private AttemptLostException lost(Kind kind) {
        return new AttemptLostException(kind, result);
    }
}
