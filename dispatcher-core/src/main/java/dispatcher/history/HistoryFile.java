package dispatcher.history;

import dispatcher.file.WholeFile;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.attributes.PackageName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The history on disk.
///
/// Shape: the line `dispatcher-history 1`; then lines of fields between tabs, numbers in a list between blanks:
/// `machine NAME CONFIGURED SPEEDS COPIED-BYTES COPY-SECONDS` and, after the machines, `package NAME SYSTEM
/// BUILDS LAST-SEEN OUTPUT-BYTES SECONDS MACHINES PEAKS BEHIND`. `LAST-SEEN` is in seconds since 1970,
/// `MACHINES` are places in the list of machines, from 0.
final class HistoryFile {
    private static final Logger log = LoggerFactory.getLogger(History.class);
    private static final String HEAD = "dispatcher-history 1";
    private static final int MACHINE_FIELDS = 6;
    private static final int PACKAGE_FIELDS = 10;

    private HistoryFile() {}

    record Key(PackageName name, String system) {}

    record Contents(Map<String, MachineHistory> machines, Map<Key, PackageHistory> packages) {}

    /// Empty if there is none, or none that can be read; the latter is set aside with a warning.
    static Optional<Contents> read(Path file) {
        try (var lines = Files.lines(file)) {
            return Optional.of(parse(lines.toList()));
        } catch (NoSuchFileException e) {
            log.atDebug().log("no {} yet", file);
        } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
            setAside(file, e);
        }
        return Optional.empty();
    }

    private static void setAside(Path file, Exception why) {
        var aside = file.resolveSibling(file.getFileName() + ".broken");
        try {
            Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
            log.atWarn()
                    .addKeyValue("file", aside)
                    .addKeyValue("why", why.getMessage())
                    .log("what builds took is forgotten; the file that could not be read was set aside");
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("why", why.getMessage())
                    .log("what builds took is forgotten");
        }
    }

    /// @throws IllegalArgumentException with the number of the line at fault
    static Contents parse(List<String> lines) {
        if (lines.isEmpty() || !lines.getFirst().equals(HEAD))
            throw new IllegalArgumentException("its first line is not " + HEAD);
        var machines = new LinkedHashMap<String, MachineHistory>();
        var names = new ArrayList<String>();
        var packages = new LinkedHashMap<Key, PackageHistory>();
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
                        packages.put(new Key(new PackageName(fields[1]), fields[2]), packageHistory(fields, names));
                    }
                    default -> throw new IllegalArgumentException("it begins with neither machine nor package");
                }
            } catch (IllegalArgumentException | NixSyntaxException | DateTimeException e) {
                throw new IllegalArgumentException("line %d: %s".formatted(i + 1, e.getMessage()), e);
            }
        }
        return new Contents(machines, packages);
    }

    private static void requireFields(String[] fields, int count) {
        if (fields.length != count)
            throw new IllegalArgumentException("it has %d fields instead of %d".formatted(fields.length, count));
    }

    private static MachineHistory machine(String[] fields) {
        double configured = number(fields[2]);
        if (!(configured > 0)) throw new IllegalArgumentException("a speed of " + fields[2]);
        return new MachineHistory(
                configured,
                window(fields[3], MachineHistory.MOST_SPEEDS, HistoryFile::finite),
                number(fields[4]),
                number(fields[5]),
                Long.MIN_VALUE);
    }

    private static PackageHistory packageHistory(String[] fields, List<String> names) {
        var seconds = window(fields[6], PackageHistory.MOST_DURATIONS, HistoryFile::number);
        var machines = list(fields[7], place -> names.get(index(place, names.size())));
        if (machines.size() != seconds.size())
            throw new IllegalArgumentException(
                    "%d durations of %d machines".formatted(seconds.size(), machines.size()));
        return new PackageHistory(
                whole(fields[3]),
                Instant.ofEpochSecond(whole(fields[4])),
                whole(fields[5]),
                seconds,
                machines,
                window(fields[8], PackageHistory.MOST_PEAKS, HistoryFile::number),
                window(fields[9], PackageHistory.MOST_BEHIND, HistoryFile::number));
    }

    private static int index(String text, int size) {
        long index = whole(text);
        if (index >= size) throw new IllegalArgumentException("there is no machine " + text);
        return (int) index;
    }

    private static Window window(String text, int most, Function<String, Double> parser) {
        var values = list(text, number -> parser.apply(number).floatValue());
        if (values.size() > most) throw new IllegalArgumentException("a list of more than " + most);
        return Window.of(values);
    }

    private static <T> List<T> list(String text, Function<String, T> parser) {
        var values = new ArrayList<T>();
        if (!text.isEmpty()) for (var word : text.split(" ", -1)) values.add(parser.apply(word));
        return List.copyOf(values);
    }

    private static long whole(String text) {
        long number = Long.parseLong(text);
        if (number < 0) throw new IllegalArgumentException(text + " is negative");
        return number;
    }

    private static double number(String text) {
        double number = finite(text);
        if (number < 0) throw new IllegalArgumentException(text + " is negative");
        return number;
    }

    private static double finite(String text) {
        double number = Double.parseDouble(text);
        if (!Float.isFinite((float) number)) throw new IllegalArgumentException(text + " is no number");
        return number;
    }

    /// False if it cannot be written, which is told.
    static boolean write(
            Path file,
            Map<String, MachineHistory> machines,
            Map<PackageName, SortedMap<String, PackageHistory>> packages) {
        try {
            WholeFile.write(file, out -> {
                out.write(HEAD + "\n");
                write(out, machines, packages);
            });
            return true;
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("why", e.toString())
                    .log("what builds took is not written down");
            return false;
        }
    }

    private static void write(
            Writer out,
            Map<String, MachineHistory> machines,
            Map<PackageName, SortedMap<String, PackageHistory>> packages)
            throws IOException {
        var places = new LinkedHashMap<String, Integer>();
        for (var entry : machines.entrySet()) {
            var known = entry.getValue();
            if (!fits(entry.getKey())) continue;
            places.put(entry.getKey(), places.size());
            line(
                    out,
                    "machine",
                    entry.getKey(),
                    known.configured(),
                    list(known.speeds()),
                    known.copiedBytes(),
                    known.copySeconds());
        }
        for (var entry : packages.entrySet())
            for (var one : entry.getValue().entrySet())
                if (fits(one.getKey())) write(out, places, entry.getKey(), one.getKey(), one.getValue());
    }

    private static void write(
            Writer out, Map<String, Integer> places, PackageName name, String system, PackageHistory known)
            throws IOException {
        var machines = new ArrayList<String>();
        for (var machine : known.machines()) {
            var place = places.get(machine);
            // A machine that came in between is in the next file.
            if (place == null) return;
            machines.add(place.toString());
        }
        line(
                out,
                "package",
                name,
                system,
                known.builds(),
                known.lastSeen().getEpochSecond(),
                known.outputBytes(),
                list(known.seconds()),
                String.join(" ", machines),
                list(known.peaks()),
                list(known.behind()));
    }

    /// Whether a name can stand in a line.
    private static boolean fits(String name) {
        return name.chars().noneMatch(Character::isISOControl);
    }

    private static String list(Window window) {
        var words = new ArrayList<String>();
        for (int i = 0; i < window.size(); i++) words.add(Float.toString(window.get(i)));
        return String.join(" ", words);
    }

    private static void line(Writer out, Object... fields) throws IOException {
        for (int i = 0; i < fields.length; i++) {
            if (i > 0) out.write('\t');
            out.write(fields[i].toString());
        }
        out.write('\n');
    }
}
