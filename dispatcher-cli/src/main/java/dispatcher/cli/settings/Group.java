package dispatcher.cli.settings;

import dispatcher.cli.settings.value.Effect;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// Keys that stand together in the file, under a key of their own.
///
/// @param path     empty for the top of the file; with `[]` at its end if the file has a list of such groups
/// @param rows     in the order in which they are explained
/// @param examples of a list: further entries for the example file, as text; the first one is made of the rows, or
///                 these are all, commented out, if no row has a value in the example file. Of a group that the
///                 example file only has in a comment: all of it
/// @param compared what settings say of all of it, if it is compared as a whole
public record Group(String path, String help, List<Row> rows, String examples, Optional<Compared> compared)
        implements Row {
    public static final String LIST = "[]";

    public Group {
        rows = List.copyOf(rows);
    }

    public static Group of(String path, String help, Row... rows) {
        return new Group(path, help, List.of(rows), "", Optional.empty());
    }

    /// One that most files do not have.
    ///
    /// @param example all of it, with its name
    public static Group optional(String path, String help, String example, Row... rows) {
        return new Group(path, help, List.of(rows), example, Optional.empty());
    }

    public static Group list(String path, String help, String examples, Row... rows) {
        return new Group(path + LIST, help, List.of(rows), examples, Optional.empty());
    }

    /// The same, compared as a whole.
    public Group compared(Effect when, Function<Settings, Object> value, Function<Settings, String> names) {
        return new Group(path, help, rows, examples, Optional.of(Compared.named(name(), when, value, names)));
    }

    @Override
    public String name() {
        var name = Row.super.name();
        return isList() ? name.substring(0, name.length() - LIST.length()) : name;
    }

    /// Whether the file has a list of such groups.
    public boolean isList() {
        return path.endsWith(LIST);
    }

    /// Those of this group itself.
    public List<Key<?>> keys() {
        return rows.stream()
                .<Key<?>>mapMulti((row, keys) -> {
                    if (row instanceof Key<?> key) keys.accept(key);
                })
                .toList();
    }

    /// This group and those in it, from the outside to the inside.
    public Stream<Group> groups() {
        return Stream.concat(
                Stream.of(this),
                rows.stream().flatMap(row -> row instanceof Group group ? group.groups() : Stream.empty()));
    }
}
