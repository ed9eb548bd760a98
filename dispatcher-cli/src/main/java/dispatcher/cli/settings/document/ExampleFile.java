package dispatcher.cli.settings.document;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Key.Preset;
import dispatcher.cli.settings.Row;
import dispatcher.cli.settings.file.SettingsTable;
import java.util.List;

/// A settings file that works and explains every key: `config/dispatcher.example.yaml`.
public final class ExampleFile {
    private static final int WIDTH = 120;
    private static final String INDENT = "  ";
    private static final String HEAD = """
            # Settings of the dispatcher: one Nix builder made of many SSH machines.
            #
            # It is looked for here, in this order:   --config FILE   $DISPATCHER_CONFIG   ./dispatcher.yaml
            #                                         /etc/dispatcher/dispatcher.yaml
            # Unknown keys are refused, and all faults are reported at once; `dispatcher config check FILE` looks for
            # them. Relative paths start at this file's directory, and ~/ is the home directory. Sizes: 800MB, 50GiB.
            # Durations: 500ms, 10s, 5m, 1h30m. Anchors and <<: merges work. `dispatcher config schema` prints a JSON
            # schema for editors.
            #
            # Where a key is commented out and no default is named beside it, its value is the default.
            #
            # The running dispatcher reads it again when it has changed, on SIGHUP, and on `dispatcher reload`: all of
            # it or, if there is a fault, nothing. What needs a restart is named then; docs/SETTINGS.md says of each key
            # when another value counts.
            """;

    private final StringBuilder text = new StringBuilder(HEAD);

    private ExampleFile() {}

    public static String text() {
        var file = new ExampleFile();
        for (var row : SettingsTable.TOP.rows()) {
            file.text.append('\n');
            file.row(row, "", "");
        }
        return file.text.toString();
    }

    private void row(Row row, String indent, String bullet) {
        switch (row) {
            case Group group -> group(group, indent);
            case Key<?> key -> {
                key(key, indent, bullet);
            }
        }
    }

    private void group(Group group, String indent) {
        comment(group.help(), indent);
        if (!group.isList() && !group.examples().isEmpty()) {
            explain(group, "", indent);
            commentOut(group.examples(), indent);
            return;
        }
        if (!group.isList()) {
            text.append(indent).append(group.name()).append(":\n");
            group.rows().forEach(row -> row(row, indent + INDENT, ""));
            return;
        }
        if (group.keys().stream().anyMatch(Key::isLive)) {
            text.append(indent).append(group.name()).append(":\n");
            entry(group.rows(), indent + INDENT);
            text.append(group.examples().indent(indent.length()));
            return;
        }
        explain(group, "", indent);
        commentOut(group.name() + ":\n" + group.examples(), indent);
    }

    /// Says what the keys are for, with those of inner groups.
    private void explain(Group group, String prefix, String indent) {
        for (var row : group.rows()) {
            comment("%s%s: %s".formatted(prefix, row.name(), row.help()), indent);
            if (row instanceof Group inner) explain(inner, inner.name() + ".", indent);
        }
    }

    private void commentOut(String lines, String indent) {
        lines.lines()
                .forEach(line -> text.append(indent).append("# ").append(line).append('\n'));
    }

    /// The first entry of a list; the first key stands beside the dash.
    private void entry(List<Row> rows, String indent) {
        var bullet = "- ";
        for (var row : rows) {
            row(row, indent + INDENT, bullet);
            bullet = "";
        }
    }

    /// @param bullet what the comment begins with, in place of the last part of the indent
    private void key(Key<?> key, String indent, String bullet) {
        if (bullet.isEmpty()) comment(help(key), indent);
        else {
            text.append(indent, 0, indent.length() - bullet.length()).append(bullet);
            var start = text.length();
            comment(help(key), indent);
            // The indent is the bullet's.
            text.delete(start, start + indent.length());
        }
        var lines = "%s: %s".formatted(key.name(), key.example());
        lines.lines()
                .forEach(line -> text.append(indent)
                        .append(key.isLive() ? "" : "# ")
                        .append(line)
                        .append('\n'));
    }

    /// With the default, unless that is the value which the file shows.
    static String help(Key<?> key) {
        return switch (key.preset()) {
            case Preset.Required<?> _ when key.isLive() -> key.help() + " Required.";
            case Preset.Required<?> _ -> key.help();
            case Preset.Value<?> _ when !key.isLive() -> key.help();
            default -> "%s Default: %s.".formatted(key.help(), key.presetWords());
        };
    }

    private void comment(String words, String indent) {
        var prefix = indent + "# ";
        var line = new StringBuilder(prefix);
        for (var word : words.strip().split("\\s+")) {
            boolean begun = line.length() > prefix.length();
            if (begun && line.length() + 1 + word.length() > WIDTH) {
                text.append(line).append('\n');
                line.setLength(prefix.length());
                begun = false;
            }
            if (begun) line.append(' ');
            line.append(word);
        }
        text.append(line).append('\n');
    }
}
