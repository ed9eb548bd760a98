package dispatcher.nix;

import dispatcher.text.Printable;

/// Text or bytes that should be a Nix value and are not.
///
/// The message gives the input (shortened), the position of the fault where there is one, and what was expected.
/// The reader of the text (a protocol, a settings file) catches it and adds where the text came from.
public final class NixSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int SHOWN = 120;

    private NixSyntaxException(String message) {
        super(message);
    }

    /// @param what     the kind of value, e.g. "store path"
    /// @param input    the whole input; only its beginning is shown
    /// @param expected what is wrong with it, or what should be there
    public static NixSyntaxException of(String what, String input, String expected) {
        return new NixSyntaxException("'%s' is not a %s: %s".formatted(shown(input), what, expected));
    }

    /// @param position index into the input of the first char that is wrong, from 0
    public static NixSyntaxException at(String what, String input, int position, String expected) {
        return new NixSyntaxException(
                "'%s' is not a %s: at position %d: %s".formatted(shown(input), what, position, expected));
    }

    /// Text that somebody sent, as it may stand in a message: its beginning, without control characters.
    public static String shown(String input) {
        return Printable.line(input, SHOWN);
    }
}
