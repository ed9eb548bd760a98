package dispatcher.cli.state;

import dispatcher.history.HistoryStore;
import dispatcher.history.MachineHistory;
import dispatcher.history.PackageHistory;
import dispatcher.history.Window;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.attributes.PackageName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;

/// The file in which earlier versions wrote down what builds took.
///
/// Shape: the line `dispatcher-history 1`; then lines of fields between tabs, numbers in a list between blanks:
/// `machine NAME CONFIGURED SPEEDS COPIED-BYTES COPY-SECONDS` and, after the machines, `package NAME SYSTEM
/// BUILDS LAST-SEEN OUTPUT-BYTES SECONDS MACHINES PEAKS BEHIND`. `LAST-SEEN` is in seconds since 1970,
/// `MACHINES` are places in the list of machines, from 0.
final class OldHistoryFile {
    private static final String HEAD = "dispatcher-history 1";
    private static final int MACHINE_FIELDS = 6;
    private static final int PACKAGE_FIELDS = 10;

    private OldHistoryFile() {}

    /// @throws IllegalArgumentException with the number of the line at fault
    static HistoryStore.Contents parse(List<String> lines) {
        if (lines.isEmpty() || !lines.getFirst().equals(HEAD))
            throw new IllegalArgumentException("its first line is not " + HEAD);
        var machines = new LinkedHashMap<String, MachineHistory>();
        var names = new ArrayList<String>();
        var packages = new LinkedHashMap<HistoryStore.Key, PackageHistory>();
        for (int i = 1; i < lines.size(); i++) {
            var fields = lines.get(i).split("\t", -1);
            try {
                switch (fields[0]) {
                    case "machine" -> {
                        requireFields(fields, MACHINE_FIELDS);
                        machines.put(fields[1], machine(fields));
                        names.add(fields[1]);
                    }
                    case "package" -> {
                        requireFields(fields, PACKAGE_FIELDS);
                        packages.put(
                                new HistoryStore.Key(new PackageName(fields[1]), fields[2]),
                                packageHistory(fields, names));
                    }
                    default -> throw new IllegalArgumentException("it begins with neither machine nor package");
                }
            } catch (IllegalArgumentException | NixSyntaxException e) {
                throw new IllegalArgumentException("line %d: %s".formatted(i + 1, e.getMessage()), e);
            }
        }
        return new HistoryStore.Contents(machines, packages);
    }

    private static void requireFields(String[] fields, int count) {
        if (fields.length != count)
            throw new IllegalArgumentException("it has %d fields instead of %d".formatted(fields.length, count));
    }

    private static MachineHistory machine(String[] fields) {
        return MachineHistory.restored(
                Double.parseDouble(fields[2]),
                window(fields[3]),
                Double.parseDouble(fields[4]),
                Double.parseDouble(fields[5]));
    }

    private static PackageHistory packageHistory(String[] fields, List<String> names) {
        return PackageHistory.restored(
                Long.parseLong(fields[3]),
                Long.parseLong(fields[4]),
                Long.parseLong(fields[5]),
                window(fields[6]),
                list(fields[7], place -> names.get(index(place, names.size()))),
                window(fields[8]),
                window(fields[9]));
    }

    private static int index(String text, int size) {
        long index = Long.parseLong(text);
        if (index < 0 || index >= size) throw new IllegalArgumentException("there is no machine " + text);
        return (int) index;
    }

    private static Window window(String text) {
        return Window.of(list(text, number -> (float) Double.parseDouble(number)));
    }

    private static <T> List<T> list(String text, Function<String, T> parser) {
        var values = new ArrayList<T>();
        if (!text.isEmpty()) for (var word : text.split(" ", -1)) values.add(parser.apply(word));
        return List.copyOf(values);
    }
}
