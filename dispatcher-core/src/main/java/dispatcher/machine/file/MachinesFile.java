package dispatcher.machine.file;

import dispatcher.machine.Machine;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Machines in the format of `/etc/nix/machines` and of Nix's setting `builders`.
///
/// An entry is a line, or a part of one between `;`. Its fields stand between blanks; `-` or nothing is the
/// default:
///
///     store-URI  systems  ssh-key  max-jobs  speed-factor  supported  mandatory  public-host-key
///
/// `#` starts a comment, `@FILE` stands for the entries of that file. Further fields are ignored, as Nix does.
/// What is wrong is a value too: all faults of all files are found in one reading, and the good entries are
/// there beside them. A file with more than 50 faults is read no further. Only the first 50 warnings are kept, too.
/// Source: Nix 2.34, `src/libstore/machines.cc`; its older rules by [Rules#UNTIL_2_28].
///
/// @param entries  those without a fault, in their order
/// @param faults   what Nix would refuse, or what we cannot do; each names its file and line
/// @param warnings what is allowed and probably not meant
public record MachinesFile(List<Entry> entries, List<Remark> faults, List<Remark> warnings) {
    /// A file with more faults than this is no machines file with mistakes, but something else.
    public static final int MOST_REMARKS = 50;

    /// What no line of the other format begins with.
    private static final Pattern TOML = Pattern.compile(
            "^[ \\t]*+(?:\\[++[ \\t]*+machines\\b|version[ \\t]*+=|machines[ \\t]*+=|machines\\.[^\\s=#;]++[ \\t]*+=)",
            Pattern.MULTILINE);

    /// How text is split into entries; it changed with Nix 2.29.
    public enum Rules {
        /// Lines are cut at `#`, then split at `;`, then trimmed.
        SINCE_2_29,
        /// Lines and the parts between `;` are separated first and cut at `#` then, so a `;` within a comment starts
        /// an entry; and nothing is trimmed, so an indented `@FILE` is no inclusion.
        UNTIL_2_28
    }

    /// @param source name of the file, or of another source of the text
    /// @param line   from 1
    public record Entry(Machine machine, String source, int line) {}

    /// A machine from another format than lines.
    ///
    /// @param name    its own
    /// @param columns as an entry would have them; `-` for the default
    public record Row(String source, int line, String name, List<String> columns) {
        public Row {
            columns = List.copyOf(columns);
        }
    }

    /// Something to say about a line.
    ///
    /// @param field what it is about, e.g. `max-jobs`
    public record Remark(String source, int line, String field, String message) {
        /// `file:line: field: message`.
        @Override
        public String toString() {
            return "%s:%d: %s: %s".formatted(source, line, field, message);
        }
    }

    /// What an entry does not say.
    ///
    /// @param user   the login where the URI has none
    /// @param system the platform where the entry has none
    public record Defaults(String user, String system) {}

    /// Text with the place where it begins.
    ///
    /// @param name      shown in remarks, and the identity of a file when circles of inclusions are looked for
    /// @param firstLine number of the text's first line, from 1
    public record Source(String name, int firstLine, String text) {}

    /// Gives the text of an included file.
    @FunctionalInterface
    public interface Includes {
        /// @param path as written after the `@`
        /// @param from name of the source that includes it
        /// @return empty if there is no such file
        Optional<Source> read(String path, String from) throws IOException;
    }

    public MachinesFile {
        entries = List.copyOf(entries);
        faults = List.copyOf(faults);
        warnings = List.copyOf(warnings);
    }

    /// Whether it is no machines file with a mistake or two: it has faults and no good entry, or more than
    /// [#MOST_REMARKS] faults.
    public boolean isUnusable() {
        return (entries.isEmpty() && !faults.isEmpty()) || faults.size() > MOST_REMARKS;
    }

    /// Reads by the rules of Nix 2.29 and newer, and warns where an older Nix would read something else.
    public static MachinesFile parse(Source source, Includes includes, Defaults defaults) {
        return parse(source, includes, defaults, Rules.SINCE_2_29);
    }

    /// Takes machines from another format; the same rules hold for each as for an entry.
    public static MachinesFile ofRows(List<Row> rows, Defaults defaults) {
        return new MachinesFileReader((path, from) -> Optional.empty(), defaults, Rules.SINCE_2_29).read(rows);
    }

    /// Whether the text is TOML as Lix has it for machines, which could be taken for entries.
    public static boolean isToml(String text) {
        return (text.contains("=") || text.contains("[")) && TOML.matcher(text).find();
    }

    /// Reads by the given rules.
    public static MachinesFile parse(Source source, Includes includes, Defaults defaults, Rules rules) {
        return new MachinesFileReader(includes, defaults, rules).read(source);
    }
}
