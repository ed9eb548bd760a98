package dispatcher.ssh.config;

/// A line, or a value in it, that makes no sense. Without a stack trace, as a file may have very many.
final class BadLineException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    BadLineException(String message) {
        super(message);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
