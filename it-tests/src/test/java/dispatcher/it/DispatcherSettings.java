package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A settings file, made of the one that the fleet comes with. Nothing in it points outside of the fleet's folder.
final class DispatcherSettings {

    private static final Pattern ENTRY = Pattern.compile("^([A-Za-z]+):.*\n(?:[ #-].*\n|\n)*", Pattern.MULTILINE);

    private final Fleet fleet;
    private final Map<String, String> entries = new LinkedHashMap<>();

    private DispatcherSettings(Fleet fleet) {
        this.fleet = fleet;
    }

    static DispatcherSettings of(Fleet fleet) throws IOException {
        DispatcherSettings settings = new DispatcherSettings(fleet);
        Matcher matcher = ENTRY.matcher(Files.readString(fleet.settings()));
        while (matcher.find()) {
            settings.entries.put(matcher.group(1), matcher.group());
        }
        return settings.set("hostStore", "off").set("state", fleet.folder().resolve("state"));
    }

    /// Sets a key of the top level, whether it was there or not.
    ///
    /// @param value on one line, such as `{keepAlive: 1s}`
    DispatcherSettings set(String key, Object value) {
        entries.put(key, key + ": " + value + "\n");
        return this;
    }

    /// Replaces a text in the entries of the machines.
    DispatcherSettings changeMachines(String from, String to) {
        entries.computeIfPresent("machines", (_, text) -> text.replace(from, to));
        return this;
    }

    /// Adds entries to those of the machines.
    ///
    /// @param text lines, each begins with two blanks
    DispatcherSettings addMachines(String text) {
        entries.computeIfPresent("machines", (_, before) -> before + text);
        return this;
    }

    /// Takes a machine out.
    DispatcherSettings without(Fleet.Machine machine) {
        entries.computeIfPresent(
                "machines", (_, text) -> text.replaceFirst("(?m)^  - name: " + machine.name() + "\n(?:    .*\n)*", ""));
        return this;
    }

    String text() {
        return String.join("", entries.values());
    }

    /// Writes `NAME.yaml` in the fleet's folder.
    Path write(String name) throws IOException {
        return Files.writeString(fleet.folder().resolve(name + ".yaml"), text());
    }
}
