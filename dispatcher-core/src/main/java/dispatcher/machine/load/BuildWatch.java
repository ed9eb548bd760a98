package dispatcher.machine.load;

import dispatcher.machine.Pressure;
import dispatcher.machine.load.Sample.BuildProcess;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/// One build while it runs on a machine: what memory it takes, and whether it ended for lack of it. Safe
/// for any thread; to be closed when the build is over.
public final class BuildWatch implements AutoCloseable {
    /// Whether the machine had enough memory while a build ran.
    public sealed interface Memory {
        /// @param evidence what speaks for it, in words
        record Lacked(String evidence) implements Memory {}

        record Enough() implements Memory {}

        /// The machine does not report it.
        record Unknown() implements Memory {}
    }

    /// Whether the machine had room on its disks while a build ran.
    public sealed interface Disk {
        /// @param evidence what speaks for it, in words
        record Lacked(String evidence) implements Disk {}

        /// @param evidence what speaks for it, in words
        record LackedInodes(String evidence) implements Disk {}

        record Enough() implements Disk {}

        /// The machine does not report it, or had so little room that the build may have used it up in between.
        record Unknown() implements Disk {}
    }

    private final MachineSampler sampler;
    private final Set<String> outputs;
    private final String name;
    private final LongConsumer onPeak;

    private volatile OptionalLong killsBefore = OptionalLong.empty();
    private volatile boolean exhausted;
    private volatile Optional<String> diskLack = Optional.empty();
    private volatile Optional<String> inodeLack = Optional.empty();
    private volatile boolean scarceDisk;
    private volatile long peak;

    BuildWatch(
            MachineSampler sampler,
            StoreDir storeDir,
            StorePath drvPath,
            BasicDerivation derivation,
            LongConsumer onPeak) {
        this.sampler = sampler;
        this.outputs = derivation.outputs().values().stream()
                .flatMap(output -> output.path().stream())
                .map(storeDir::print)
                .collect(Collectors.toSet());
        this.name = derivation.outputs().values().stream().anyMatch(DerivationOutput.Fixed.class::isInstance)
                        || outputs.isEmpty()
                ? drvPath.derivationName()
                : "";
        this.onPeak = onPeak;
    }

    /// How the machine was before the build.
    void begin(Pressure before) {
        killsBefore = before.oomKills();
    }

    /// Whether a process belongs to this build. Where it is not known beforehand what `out` will be, the
    /// name decides.
    private boolean has(BuildProcess builder) {
        return outputs.contains(builder.out())
                || (!name.isEmpty() && builder.name().equals(name));
    }

    /// One sample; called by one thread at a time, with no lock held.
    void see(Pressure pressure, List<BuildProcess> builders) {
        if (killsBefore.isEmpty()) killsBefore = pressure.oomKills();
        exhausted |= pressure.isMemoryExhausted();
        diskLack = diskLack.or(pressure::lackOfDisk);
        inodeLack = inodeLack.or(pressure::lackOfInodes);
        scarceDisk |= !pressure.hasPlentyOfDisk();
        long together = 0;
        long most = 0;
        for (var builder : builders) {
            if (!has(builder)) continue;
            together += builder.resident();
            most = Math.max(most, builder.most());
        }
        // A process that had much between two samples still shows it.
        long now = Math.max(together, most);
        if (now <= peak) return;
        peak = now;
        onPeak.accept(now);
    }

    /// Whether memory was what a build that has just been killed lacked. What the build says is not enough: the
    /// machine must have killed something, or have had no memory, while it ran.
    ///
    /// Asks the machine once more; waits some seconds for it at most.
    public Memory memory() throws InterruptedException {
        var now = sampler.sampleNow().map(Pressure::oomKills).orElse(OptionalLong.empty());
        if (now.isPresent() && killsBefore.isPresent()) {
            long kills = now.getAsLong() - killsBefore.getAsLong();
            if (kills > 0)
                return new Memory.Lacked("the kernel killed %d process%s for lack of memory while it ran"
                        .formatted(kills, kills == 1 ? "" : "es"));
            if (!exhausted) return new Memory.Enough();
        }
        return exhausted ? new Memory.Lacked("the machine had no memory left while it ran") : new Memory.Unknown();
    }

    /// Whether room on a disk was what a build that has just failed lacked, by what was measured while it ran and
    /// now.
    ///
    /// Asks the machine once more; waits some seconds for it at most.
    public Disk disk() throws InterruptedException {
        var now = sampler.sampleNow();
        if (inodeLack.isPresent()) return new Disk.LackedInodes(inodeLack.get());
        if (diskLack.isPresent()) return new Disk.Lacked(diskLack.get());
        return now.isPresent() && !scarceDisk ? new Disk.Enough() : new Disk.Unknown();
    }

    /// Bytes; 0 if the machine does not report it.
    public long peakMemory() {
        return peak;
    }

    @Override
    public void close() {
        sampler.forget(this);
    }
}
