package dispatcher.store;

import java.io.IOException;

/// A store said no to one request, in its own words; the conversation with it goes on.
public final class StoreRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    public StoreRefusedException(String message) {
        super(message);
    }

    public StoreRefusedException(String message, Throwable cause) {
        super(message, cause);
    }

    /// The store's own words.
    public String reason() {
        return String.valueOf(getMessage());
    }
}
