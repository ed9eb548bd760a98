package dispatcher.cli.external;

/// A build that cannot be had this way at all, in words for the user of Nix.
final class CannotBuildException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CannotBuildException(String message) {
        super(message);
    }
}
