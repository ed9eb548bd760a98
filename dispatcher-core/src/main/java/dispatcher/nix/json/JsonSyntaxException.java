package dispatcher.nix.json;

/// Text that should be JSON and is not.
public final class JsonSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int position;

    /// @param position index of the first char that is wrong, from 0
    public JsonSyntaxException(int position, String fault) {
        super("not JSON: at position %d: %s".formatted(position, fault));
        this.position = position;
    }

    public int position() {
        return position;
    }
}
