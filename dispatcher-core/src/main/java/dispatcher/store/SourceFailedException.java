package dispatcher.store;

import java.io.IOException;

/// A path could not be had from where it was to be copied from. The receiver is not at fault, though its conversation
/// may
/// have broken off in the middle.
public final class SourceFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    public SourceFailedException(String message) {
        super(message);
    }

    public SourceFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
