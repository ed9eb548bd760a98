package dispatcher.cli.state.database;

/// The database opens, but what is in it is of no use.
final class DamagedStateException extends Exception {
    private static final long serialVersionUID = 1L;

    DamagedStateException(String message) {
        super(message);
    }
}
