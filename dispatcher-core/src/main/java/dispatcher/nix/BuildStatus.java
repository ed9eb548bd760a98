package dispatcher.nix;

/// How a builder says that a build ended; the ordinal is the number on the wire.
///
/// Source: Nix, `src/libstore/common-protocol.cc`.
public enum BuildStatus {
    BUILT,
    SUBSTITUTED,
    ALREADY_VALID,
    PERMANENT_FAILURE,
    INPUT_REJECTED,
    OUTPUT_REJECTED,
    TRANSIENT_FAILURE,
    CACHED_FAILURE,
    TIMED_OUT,
    MISC_FAILURE,
    DEPENDENCY_FAILED,
    LOG_LIMIT_EXCEEDED,
    NOT_DETERMINISTIC,
    RESOLVES_TO_ALREADY_VALID,
    NO_SUBSTITUTERS;

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
