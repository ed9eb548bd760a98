package dispatcher.cli.settings.document;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.file.SettingsTable;

/// A table of all settings for people, in Markdown: `docs/SETTINGS.md`.
public final class Reference {
    private static final String HEAD = """
            # Settings

            Every key of the settings file, with its type, its default, and when another value counts in a running
            dispatcher (see [OPERATING.md](OPERATING.md#change-the-settings-while-it-runs)). The program printed this page:
            `dispatcher config reference`. [config/dispatcher.example.yaml](../config/dispatcher.example.yaml) is a file
            with all these keys, and `dispatcher config check FILE` looks for faults in one.

            A key without a value counts as absent. Sizes have a unit (`800MB`, `50GiB`), and so have durations
            (`500ms`, `10s`, `5m`, `1h30m`). Relative paths start at the directory of the settings file; `~/` is the
            home directory.
            """;

    private Reference() {}

    public static String text() {
        var text = new StringBuilder(HEAD);
        SettingsTable.TOP.groups().forEach(group -> group(group, text));
        return text.toString();
    }

    private static void group(Group group, StringBuilder text) {
        text.append("\n## ").append(group.path().isEmpty() ? "At the top" : "`%s`".formatted(group.path()));
        text.append("\n\n");
        if (!group.help().isEmpty())
            text.append(group.help().strip().replaceAll("\\s+", " ")).append("\n\n");
        text.append("| key | type | default | another value counts | meaning |\n|---|---|---|---|---|\n");
        for (var key : group.keys()) text.append(line(key));
    }

    private static String line(Key<?> key) {
        var help = key.formerName()
                .map(name -> "%s Called `%s` before.".formatted(key.help(), name))
                .orElse(key.help());
        return "| `%s` | %s | %s | %s | %s |\n"
                .formatted(
                        key.name(),
                        cell(key.typeWords()),
                        cell(key.presetWords()),
                        key.effect().words(),
                        cell(help));
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;");
    }
}
