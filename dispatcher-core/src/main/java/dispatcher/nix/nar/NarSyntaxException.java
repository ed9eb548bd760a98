package dispatcher.nix.nar;

/// Bytes that should be a NAR and are not. The message gives the position in the archive, the path in it, and what
/// was expected there.
public final class NarSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long position;
    private final String path;

    NarSyntaxException(long position, String path, String fault) {
        super("not a NAR: at byte %d, in '%s': %s".formatted(position, path, fault));
        this.position = position;
        this.path = path;
    }

    /// Bytes from the archive's beginning to the field that is wrong.
    public long position() {
        return position;
    }

    /// The object inside the archive that the fault is in: `/` for the root, `/bin/sh` and so on, made printable.
    public String path() {
        return path;
    }
}
