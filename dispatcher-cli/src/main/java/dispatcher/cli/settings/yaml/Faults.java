package dispatcher.cli.settings.yaml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Collects faults while a file is read, so that they are reported at once, up to [#MOST_FAULTS]: a file with
/// more is not settings with mistakes, but something else, and reading it to its end would say nothing more.
/// Confined to one thread.
public final class Faults {
    public static final int MOST_FAULTS = 50;

    private final String file;
    private final List<Fault> faults = new ArrayList<>();
    private final List<Fault> warnings = new ArrayList<>();

    public Faults(String file) {
        this.file = file;
    }

    public String file() {
        return file;
    }

    /// @throws TooManyException for the one after the last that is kept
    public void add(int line, String key, String message) {
        add(new Fault(file, line, key, message));
    }

    /// @throws TooManyException for the one after the last that is kept
    public void add(Fault fault) {
        if (faults.size() == MOST_FAULTS) throw new TooManyException();
        faults.add(fault);
    }

    /// Notes what is allowed and should be written otherwise; no more than [#MOST_FAULTS] of that are kept.
    public void warn(int line, String key, String message) {
        if (warnings.size() < MOST_FAULTS) warnings.add(new Fault(file, line, key, message));
    }

    /// In the order of reading.
    public List<Fault> warnings() {
        return List.copyOf(warnings);
    }

    public boolean isEmpty() {
        return faults.isEmpty();
    }

    /// In the order of the file; those of other files after them.
    public List<Fault> sorted() {
        var sorted = new ArrayList<>(faults);
        sorted.sort(Comparator.comparing((Fault fault) -> !fault.file().equals(file))
                .thenComparing(Fault::file)
                .thenComparingInt(Fault::line));
        return List.copyOf(sorted);
    }

    /// Ends the reading of a file that has more faults than are shown.
    public static final class TooManyException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private TooManyException() {
            super("more than %d faults".formatted(MOST_FAULTS), null, false, false);
        }
    }
}
