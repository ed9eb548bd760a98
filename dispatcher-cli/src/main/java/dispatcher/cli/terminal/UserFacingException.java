package dispatcher.cli.terminal;

/// The operator must act. Thrown anywhere in the program, shown once, at its top.
///
/// Each part is a sentence without a capital or a period, and may have several lines.
public class UserFacingException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final String what;
    private final String why;
    private final String next;

    /// @param what what could not be done, with its values
    /// @param why  the cause, as exactly as it is known
    /// @param next what the operator can do about it
    public UserFacingException(String what, String why, String next) {
        super(what + ": " + why);
        this.what = what;
        this.why = why;
        this.next = next;
    }

    public UserFacingException(String what, String why, String next, Throwable cause) {
        super(what + ": " + why, cause);
        this.what = what;
        this.why = why;
        this.next = next;
    }

    public String what() {
        return what;
    }

    public String why() {
        return why;
    }

    public String next() {
        return next;
    }
}
