package dispatcher.protocol;

import dispatcher.wire.UnreachableException;
import java.io.EOFException;

/// Words for what broke.
public final class Failures {
    private Failures() {}

    /// What happened and, where it is known, what can be done about it, in one line.
    public static String describe(Exception failure) {
        return switch (failure) {
            case UnreachableException e -> e.getMessage() + "; " + e.nextStep();
            case HandshakeException e -> e.getMessage() + "; " + e.nextStep();
            case EOFException _ -> "the connection broke";
            default -> failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        };
    }
}
