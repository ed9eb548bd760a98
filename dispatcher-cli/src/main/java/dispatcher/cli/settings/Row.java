package dispatcher.cli.settings;

/// A row of the table of settings.
public sealed interface Row permits Key, Group {
    /// The way to it from the top of the file, such as `timeouts.connect` or `machines[].port`; empty for the top.
    String path();

    /// What it is for, in whole sentences.
    String help();

    /// As the file has it.
    default String name() {
        return path().substring(path().lastIndexOf('.') + 1);
    }
}
