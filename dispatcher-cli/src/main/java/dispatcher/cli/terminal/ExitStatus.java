package dispatcher.cli.terminal;

/// What the program ends with, beside 0 for done, 1 for failed and 2 for wrong usage. Scripts rely on these numbers; 3
/// is what the JVM ends with when its memory has run out.
public final class ExitStatus {
    /// No machine can take the build, or any build: not a fault of the program, and not one that waiting mends.
    public static final int CANNOT_BE_PLACED = 4;

    public static final int INTERRUPTED = 130;

    private ExitStatus() {}
}
