package dispatcher.wire;

/// The peer sent more than it may. Nothing is wrong with it otherwise.
public final class TooLargeException extends ProtocolException {
    private static final long serialVersionUID = 1L;

    public TooLargeException(String message) {
        super(message);
    }
}
