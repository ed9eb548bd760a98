package dispatcher.wire;

import java.io.IOException;

/// The peer sent bytes that its protocol does not allow, or speaks a protocol that we do not. The connection is
/// of no use any more; nothing is known about what the peer wanted.
public class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    public ProtocolException(String message) {
        super(message);
    }

    public ProtocolException(String message, Throwable cause) {
        super(message, cause);
    }
}
