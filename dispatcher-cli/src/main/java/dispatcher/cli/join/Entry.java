package dispatcher.cli.join;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.terminal.UserFacingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;

/// A machine to be added, as a file of `machines.d` has it.
///
/// @param name of the machine
/// @param yaml a line for each key; values are JSON, which is YAML too
record Entry(String name, String yaml) {
    /// What may stand in the name of a file, too.
    private static final Pattern NAME = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

    private static final Pattern KEY = Pattern.compile("[A-Za-z]{1,40}");

    /// @throws UserFacingException if it has no name that a file can have, or keys that only the settings may have
    static Entry of(Map<String, Object> machine) {
        var host = machine.get("hostName");
        if (!(host instanceof String hostName))
            throw refused("a machine", "its entry has no `hostName`", "give the name or address of the machine");
        var name = machine.getOrDefault("name", hostName) instanceof String text ? text : "";
        if (!NAME.matcher(name).matches())
            throw refused(
                    name.isEmpty() ? hostName : name,
                    "a name is of letters, digits, and . _ - after the first",
                    "choose one with --name");
        var yaml = new StringBuilder();
        machine.forEach((key, value) -> {
            if (!KEY.matcher(key).matches())
                throw refused(name, "'%s' is no key of a machine".formatted(key), "see `machines` in docs/SETTINGS.md");
            if (key.equals("onDemand"))
                throw refused(
                        name,
                        "`onDemand` names commands of this host, which only the settings may do",
                        "write the entry into the settings, or into a file of machines.d");
            yaml.append(key)
                    .append(": ")
                    .append(new String(ApiJson.print(value), StandardCharsets.UTF_8))
                    .append('\n');
        });
        return new Entry(name, yaml.toString());
    }

    private static UserFacingException refused(String name, String why, String next) {
        return new UserFacingException("cannot add " + name, why, next);
    }
}
