package dispatcher.cli.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Collects faults while a file is read, so that all of them are told at once. Confined to one thread.
final class Faults {
    private final String file;
    private final List<Fault> faults = new ArrayList<>();

    Faults(String file) {
        this.file = file;
    }

    String file() {
        return file;
    }

    void add(int line, String key, String message) {
        faults.add(new Fault(file, line, key, message));
    }

    void add(Fault fault) {
        faults.add(fault);
    }

    boolean isEmpty() {
        return faults.isEmpty();
    }

    /// In the order of the file; those of other files after them.
    List<Fault> sorted() {
        var sorted = new ArrayList<>(faults);
        sorted.sort(Comparator.comparing((Fault fault) -> !fault.file().equals(file))
                .thenComparing(Fault::file)
                .thenComparingInt(Fault::line));
        return List.copyOf(sorted);
    }
}
