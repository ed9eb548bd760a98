package dispatcher.cli;

import dispatcher.text.Printable;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Stands in the log for an exception whose message, or that of one behind it, is not fit to be shown: the same
/// stack trace, and the message made [Printable]. It is never thrown.
final class PrintableThrowable extends Throwable {
    private static final long serialVersionUID = 1L;

    private PrintableThrowable(String message, @Nullable PrintableThrowable cause) {
        super(message, cause, true, true);
    }

    /// Empty if `thrown` is fit to be shown as it is.
    static Optional<PrintableThrowable> changed(Throwable thrown) {
        return isPrintable(thrown, seen()) ? Optional.empty() : Optional.of(copy(thrown, seen()));
    }

    private static Set<Throwable> seen() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private static boolean isPrintable(Throwable thrown, Set<Throwable> seen) {
        if (!seen.add(thrown)) return true;
        var text = thrown.toString();
        if (!Printable.line(text).equals(text)) return false;
        for (var suppressed : thrown.getSuppressed()) if (!isPrintable(suppressed, seen)) return false;
        return thrown.getCause() == null || isPrintable(thrown.getCause(), seen);
    }

    private static PrintableThrowable copy(Throwable thrown, Set<Throwable> seen) {
        boolean isNew = seen.add(thrown);
        var cause = isNew ? thrown.getCause() : null;
        var copy = new PrintableThrowable(Printable.line(thrown.toString()), cause == null ? null : copy(cause, seen));
        copy.setStackTrace(thrown.getStackTrace());
        if (isNew) for (var suppressed : thrown.getSuppressed()) copy.addSuppressed(copy(suppressed, seen));
        return copy;
    }
}
