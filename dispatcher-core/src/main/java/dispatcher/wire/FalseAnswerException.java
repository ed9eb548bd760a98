package dispatcher.wire;

/// What a machine says is well formed, and cannot be true.
public final class FalseAnswerException extends ProtocolException {
    private static final long serialVersionUID = 1L;

    public FalseAnswerException(String message) {
        super(message);
    }
}
