package dispatcher.nix.json;

/// Text that should be JSON and is not.
public final class JsonSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long position;

    /// @param position index of the char or byte where the fault was found, from 0
    public JsonSyntaxException(long position, String fault) {
        super("not JSON: at position %d: %s".formatted(position, fault));
        this.position = position;
    }

    public long position() {
        return position;
    }
}
