package dispatcher.simulate.trace;

/// A trace that cannot be read.
public final class TraceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;

    /// @param line from 1; 0 if no single line is at fault
    TraceException(int line, String message) {
        super(message);
        this.line = line;
    }

    public int line() {
        return line;
    }
}
