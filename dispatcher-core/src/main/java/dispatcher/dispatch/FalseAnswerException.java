package dispatcher.dispatch;

import dispatcher.wire.ProtocolException;

/// What a machine says is well formed, and cannot be true.
final class FalseAnswerException extends ProtocolException {
    private static final long serialVersionUID = 1L;

    FalseAnswerException(String message) {
        super(message);
    }
}
