package dispatcher.machine.file;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.file.MachinesFile.Defaults;
import dispatcher.machine.file.MachinesFile.Entry;
import dispatcher.machine.file.MachinesFile.Includes;
import dispatcher.machine.file.MachinesFile.Remark;
import dispatcher.machine.file.MachinesFile.Row;
import dispatcher.machine.file.MachinesFile.Rules;
import dispatcher.machine.file.MachinesFile.Source;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/// One reading of a machines file with all it includes, in time and memory that are in proportion to its size and
/// that of [#MOST_INCLUSIONS] files. Confined to one thread.
final class MachinesFileReader {
    static final int MOST_REMARKS = MachinesFile.MOST_REMARKS;

    /// Files that include others twice could else double what is read with each line.
    static final int MOST_INCLUSIONS = 100;

    private static final Pattern BLANKS = Pattern.compile("[ \\t\\r]+");

    private final Includes includes;
    private final Defaults defaults;
    private final Rules rules;
    private final List<Entry> entries = new ArrayList<>();
    private final List<Remark> faults = new ArrayList<>();
    private final List<Remark> warnings = new ArrayList<>();
    private final MachineNames names = new MachineNames();
    private final Deque<String> open = new ArrayDeque<>();
    private int inclusions;

    MachinesFileReader(Includes includes, Defaults defaults, Rules rules) {
        this.includes = includes;
        this.defaults = defaults;
        this.rules = rules;
    }

    MachinesFile read(Source source) {
        readAll(source);
        return read();
    }

    MachinesFile read(List<Row> rows) {
        for (var row : rows) {
            if (faults.size() > MOST_REMARKS) break;
            entry(row.source(), row.line(), row.columns(), ignored -> row.name());
        }
        return read();
    }

    private MachinesFile read() {
        return new MachinesFile(entries, faults, warnings);
    }

    private void readAll(Source source) {
        open.push(source.name());
        if (rules == Rules.SINCE_2_29) warnOfOtherReading(source);
        for (var piece : split(source, rules)) {
            if (faults.size() > MOST_REMARKS) break;
            if (piece.text().startsWith("@")) include(source, piece);
            else entry(source, piece);
        }
        open.pop();
    }

    /// Lines of which Nix before 2.29 makes other entries than we do.
    private void warnOfOtherReading(Source source) {
        int number = source.firstLine();
        for (var line : source.text().split("\n", -1)) {
            int comment = line.indexOf('#');
            boolean entryInComment = comment >= 0
                    && line.indexOf(';', comment) >= 0
                    && !beforeComment(line.substring(line.indexOf(';', comment) + 1))
                            .isBlank();
            if (entryInComment)
                warn(
                        source.name(),
                        number,
                        "comment",
                        "Nix before 2.29 takes what follows ; within a comment for a machine; this is read as a"
                                + " comment");
            if (line.startsWith(" ") && line.strip().startsWith("@"))
                warn(
                        source.name(),
                        number,
                        "inclusion",
                        "Nix before 2.29 takes an indented @ for a host name; this is read as an inclusion");
            number++;
        }
    }

    private void include(Source source, Piece piece) {
        var path = piece.text().substring(1).strip();
        try {
            if (++inclusions > MOST_INCLUSIONS)
                throw new BadField(
                        "inclusion",
                        "is one more than the %d that are read; put the machines into fewer files"
                                .formatted(MOST_INCLUSIONS));
            var included = includes.read(path, source.name());
            if (included.isEmpty())
                warn(source.name(), piece.line(), "inclusion", "there is no file " + path + "; it is skipped");
            else if (open.contains(included.get().name())) {
                var circle = new ArrayList<>(List.copyOf(open).reversed());
                circle.add(included.get().name());
                throw new BadField("inclusion", "files include each other in a circle: " + String.join(" > ", circle));
            } else if (MachinesFile.isToml(included.get().text()))
                throw new BadField("inclusion", path + " is TOML, which only machinesFile itself can name");
            else readAll(included.get());
        } catch (IOException e) {
            fault(source.name(), piece.line(), "inclusion", "%s cannot be read: %s".formatted(path, e.getMessage()));
        } catch (BadField e) {
            fault(source.name(), piece.line(), e.field(), String.valueOf(e.getMessage()));
        }
    }

    private void entry(Source source, Piece piece) {
        entry(source.name(), piece.line(), List.of(BLANKS.split(piece.text().strip())), names::take);
    }

    private void entry(String source, int line, List<String> columns, Function<MachineAddress, String> naming) {
        var notes = new MachineColumns.Notes() {
            @Override
            public void fault(String field, String message) {
                MachinesFileReader.this.fault(source, line, field, message);
            }

            @Override
            public void warning(String field, String message) {
                warn(source, line, field, message);
            }
        };
        new MachineColumns(columns, defaults, notes)
                .read(naming)
                .ifPresent(machine -> entries.add(new Entry(machine, source, line)));
    }

    private void fault(String source, int line, String field, String message) {
        add(faults, new Remark(source, line, field, message), "faults; what follows is not read");
    }

    private void warn(String source, int line, String field, String message) {
        add(warnings, new Remark(source, line, field, message), "warnings; no more of them are shown");
    }

    private static void add(List<Remark> remarks, Remark remark, String what) {
        if (remarks.size() < MOST_REMARKS) remarks.add(remark);
        else if (remarks.size() == MOST_REMARKS)
            remarks.add(new Remark(
                    remark.source(),
                    remark.line(),
                    "entries",
                    "there are more than %d %s".formatted(MOST_REMARKS, what)));
    }

    /// One entry or inclusion, not yet looked into.
    private record Piece(int line, String text) {}

    /// Splits text into pieces by the one or the other rules.
    private static List<Piece> split(Source source, Rules rules) {
        var pieces = new ArrayList<Piece>();
        int number = source.firstLine();
        for (var line : source.text().split("\n", -1)) {
            var parts = rules == Rules.SINCE_2_29 ? beforeComment(line).split(";") : line.split(";");
            for (var part : parts) {
                var text = rules == Rules.SINCE_2_29 ? part.strip() : beforeComment(part);
                if (!text.isEmpty()) pieces.add(new Piece(number, text));
            }
            number++;
        }
        return pieces;
    }

    private static String beforeComment(String text) {
        int comment = text.indexOf('#');
        return comment < 0 ? text : text.substring(0, comment);
    }
}
