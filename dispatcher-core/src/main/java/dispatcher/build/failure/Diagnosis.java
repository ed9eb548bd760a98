package dispatcher.build.failure;

import dispatcher.nix.BuildResult;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Why a build may have failed, judged by the machine's messages, because Nix has no status for a machine that is too
/// small. What Nix itself says counts. What the build says only decides what is measured, because test suites write
/// such messages too.
///
/// Source: Nix, `src/libstore/unix/build/derivation-builder.cc` and its predecessors, for its own words; the
/// others are those of the C library, the kernel, gcc and SQLite.
public enum Diagnosis {
    /// It would fail anywhere.
    BUILD_FAILED,
    /// Something killed it, as the kernel does when memory runs out, or it got no memory.
    KILLED,
    /// Its log has words of a full disk.
    DISK_MENTIONED,
    /// The machine's disk is full, as its Nix says.
    DISK_FULL;

    private static final List<String> FULL = List.of(
            "No space left on device", "lack of free disk space", "database or disk is full", "Disk quota exceeded");
    private static final String QUOTA = "Disk quota exceeded";

    /// Where Nix's message goes on with what the build said.
    private static final Pattern LOG = Pattern.compile("(?m)^\\s*[Ll]ast \\d+ log lines:|^\\s*>");

    /// Shells, make and linkers say that a process was killed in words of their own: `12 Killed  cc`, `[Killed]`.
    private static final Pattern SIGNS_OF_KILLING = Pattern.compile("signal:? 9\\b|SIGKILL|exit code 137\\b"
            + "|(?:^|[\\[(:\\]])\\s*Killed\\b(?! +\\d)|\\d +Killed {2,}"
            + "|[Cc]annot allocate memory|[Oo]ut of memory|memory exhausted|bad_alloc|\\bENOMEM\\b"
            + "|memory allocation of \\d+ bytes failed");

    /// @param lastLines of the build's log
    public static Diagnosis of(BuildResult result, Collection<String> lastLines) {
        return switch (result.status()) {
            case PERMANENT_FAILURE, TRANSIENT_FAILURE, MISC_FAILURE, OUTPUT_REJECTED, CACHED_FAILURE -> {
                if (isDiskFull(wordsOfNix(result))) yield DISK_FULL;
                if (isDiskFull(result.message()) || lastLines.stream().anyMatch(Diagnosis::isDiskFull))
                    yield DISK_MENTIONED;
                boolean killed = Stream.concat(Stream.of(result.message()), lastLines.stream())
                        .anyMatch(text -> SIGNS_OF_KILLING.matcher(text).find());
                yield killed ? KILLED : BUILD_FAILED;
            }
            case BUILT,
                    SUBSTITUTED,
                    ALREADY_VALID,
                    RESOLVES_TO_ALREADY_VALID,
                    INPUT_REJECTED,
                    TIMED_OUT,
                    LOG_LIMIT_EXCEEDED,
                    DEPENDENCY_FAILED,
                    NOT_DETERMINISTIC,
                    NO_SUBSTITUTERS -> BUILD_FAILED;
        };
    }

    private static String wordsOfNix(BuildResult result) {
        return LOG.split(result.message(), 2)[0];
    }

    /// Whether a quota may be what was used up, which is seen on no disk.
    public static boolean mentionsQuota(BuildResult result, Collection<String> lastLines) {
        return result.message().contains(QUOTA) || lastLines.stream().anyMatch(line -> line.contains(QUOTA));
    }

    /// Whether it was the builder itself that was killed, rather than something that it had started.
    public static boolean isBuilderKilled(BuildResult result) {
        return result.message().contains("due to signal 9");
    }

    /// Whether these are words of a machine whose disk is full.
    public static boolean isDiskFull(String text) {
        return FULL.stream().anyMatch(text::contains);
    }
}
