package dispatcher.nix;

import java.util.Arrays;
import java.util.Optional;

/// How a builder says that a build ended.
///
/// Source: Nix, `src/libstore/common-protocol.cc`.
public enum BuildStatus {
    BUILT(0),
    SUBSTITUTED(1),
    ALREADY_VALID(2),
    PERMANENT_FAILURE(3),
    INPUT_REJECTED(4),
    OUTPUT_REJECTED(5),
    TRANSIENT_FAILURE(6),
    CACHED_FAILURE(7),
    TIMED_OUT(8),
    MISC_FAILURE(9),
    DEPENDENCY_FAILED(10),
    LOG_LIMIT_EXCEEDED(11),
    NOT_DETERMINISTIC(12),
    RESOLVES_TO_ALREADY_VALID(13),
    NO_SUBSTITUTERS(14);

    private final int number;

    BuildStatus(int number) {
        this.number = number;
    }

    /// The number on the wire, the same in both protocols.
    public int number() {
        return number;
    }

    /// Empty for a number that Nix does not have.
    public static Optional<BuildStatus> of(long number) {
        return Arrays.stream(values()).filter(status -> status.number == number).findFirst();
    }

    public boolean isSuccess() {
        return switch (this) {
            case BUILT, SUBSTITUTED, ALREADY_VALID, RESOLVES_TO_ALREADY_VALID -> true;
            case PERMANENT_FAILURE,
                    INPUT_REJECTED,
                    OUTPUT_REJECTED,
                    TRANSIENT_FAILURE,
                    CACHED_FAILURE,
                    TIMED_OUT,
                    MISC_FAILURE,
                    DEPENDENCY_FAILED,
                    LOG_LIMIT_EXCEEDED,
                    NOT_DETERMINISTIC,
                    NO_SUBSTITUTERS -> false;
        };
    }
}
