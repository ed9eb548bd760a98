package dispatcher.cli.init;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;

/// Where machines may be described already.
final class MachineSources {
    private MachineSources() {}

    /// NixOS' `nix.buildMachines` as JSON, which is what `nix eval --json` prints of it.
    static List<MachineEntry> buildMachines(Path file) {
        JsonNode json;
        try {
            json = Json.parse(Files.readAllBytes(file));
        } catch (IOException e) {
            throw unreadable(file, e);
        } catch (JsonSyntaxException e) {
            throw noMachines(file, String.valueOf(e.getMessage()));
        }
        var machines = new ArrayList<MachineEntry>();
        if (!json.isArray()) throw noMachines(file, "it is no JSON array");
        for (var item : json) {
            if (!item.path("hostName").isTextual()) throw noMachines(file, "an item has no hostName");
            var keys = new LinkedHashMap<String, Object>();
            item.properties().stream()
                    .filter(property -> !isEmpty(property.getValue()))
                    .forEach(property -> keys.put(property.getKey(), value(property.getValue())));
            machines.add(new MachineEntry(keys));
        }
        return machines;
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isNull() || (value.isArray() && value.isEmpty());
    }

    private static Object value(JsonNode value) {
        if (value.isInt()) return value.intValue();
        if (value.isNumber()) return value.decimalValue();
        if (value.isBoolean()) return value.booleanValue();
        if (value.isTextual()) return value.textValue();
        var texts = new ArrayList<String>();
        value.forEach(item -> texts.add(item.asText()));
        return texts;
    }

    /// The hosts that a file like ssh_config names without patterns.
    static List<String> sshHosts(Path file) {
        try {
            return Files.readString(file)
                    .lines()
                    .map(line -> line.strip().split("[\\s=]+", -1))
                    .filter(words -> words[0].equalsIgnoreCase("Host"))
                    .flatMap(words -> Arrays.stream(words).skip(1))
                    .filter(name -> name.matches("[0-9A-Za-z][0-9A-Za-z._-]*"))
                    .distinct()
                    .toList();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /// Whether Nix has machines there; NixOS makes an empty file where there are none.
    static boolean hasEntries(Path machinesFile) {
        try {
            return Files.readString(machinesFile)
                    .lines()
                    .anyMatch(line -> !line.isBlank() && !line.strip().startsWith("#"));
        } catch (IOException e) {
            return false;
        }
    }

    private static UserFacingException unreadable(Path file, IOException e) {
        return new UserFacingException("cannot read " + file, e.toString(), "name a file that can be read", e);
    }

    private static UserFacingException noMachines(Path file, String why) {
        return new UserFacingException(
                "there are no machines in " + file,
                why,
                "make it with `nix eval --json '.#nixosConfigurations.HOST.config.nix.buildMachines' > FILE`");
    }
}
