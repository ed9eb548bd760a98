package dispatcher.build.control;

import dispatcher.text.Printable;

/// Who wants a build to end where it is, and why. Both are one line that can be shown.
///
/// @param reason empty if there is none
public record Intervention(String by, String reason) {
    /// Characters of a name or a reason that are kept.
    private static final int LONGEST = 500;

    public Intervention {
        by = Printable.line(by.strip(), LONGEST);
        reason = Printable.line(reason.strip(), LONGEST);
        if (by.isEmpty()) by = "an operator";
    }

    /// For example `by root: wrong branch`.
    public String words() {
        return reason.isEmpty() ? "by " + by : "by %s: %s".formatted(by, reason);
    }
}
