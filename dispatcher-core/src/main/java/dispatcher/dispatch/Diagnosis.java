package dispatcher.dispatch;

import dispatcher.nix.BuildResult;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Why a build failed, as far as the machine's words tell: Nix has no status for a machine that is too small.
///
/// Source: Nix, `src/libstore/unix/build/derivation-builder.cc` and its predecessors, for its own words; the others are
/// those of the C library, the kernel, gcc and SQLite.
enum Diagnosis {
    /// It would fail anywhere.
    BUILD_FAILED,
    /// Something killed it, as the kernel does when memory runs out, or it got no memory.
    KILLED,
    /// The machine's disk is full.
    DISK_FULL;

    private static final List<String> FULL = List.of(
            "No space left on device", "lack of free disk space", "database or disk is full", "Disk quota exceeded");
    private static final Pattern SIGNS_OF_KILLING = Pattern.compile("signal 9\\b|exit code 137\\b|\\b[Kk]illed\\b"
            + "|[Cc]annot allocate memory|[Oo]ut of memory|memory exhausted|bad_alloc|\\bENOMEM\\b"
            + "|memory allocation of \\d+ bytes failed");

    /// @param lastLines of the build's log
    static Diagnosis of(BuildResult result, Collection<String> lastLines) {
        return switch (result.status()) {
            case PERMANENT_FAILURE, TRANSIENT_FAILURE, MISC_FAILURE, OUTPUT_REJECTED, CACHED_FAILURE -> {
                if (isDiskFull(result.message()) || lastLines.stream().anyMatch(Diagnosis::isDiskFull)) yield DISK_FULL;
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

    /// Whether it was the builder itself that was killed, rather than something that it had started.
    static boolean isBuilderKilled(BuildResult result) {
        return result.message().contains("due to signal 9");
    }

    /// Whether these are words of a machine whose disk is full.
    static boolean isDiskFull(String text) {
        return FULL.stream().anyMatch(text::contains);
    }
}
