package dispatcher.cli.settings.yaml;

/// Something wrong in a settings file.
///
/// @param file as it was named to us
/// @param line from 1
/// @param key  the way to the place, e.g. `machines[1].port`; the empty text for the file itself
public record Fault(String file, int line, String key, String message) {
    /// The same with what it means for the machine that it is about.
    public Fault ofUnused() {
        return new Fault(file, line, key, message + "; this machine is not used");
    }

    /// `file:line: key: what is wrong`.
    @Override
    public String toString() {
        return "%s:%d: %s%s".formatted(file, line, key.isEmpty() ? "" : key + ": ", message);
    }
}
