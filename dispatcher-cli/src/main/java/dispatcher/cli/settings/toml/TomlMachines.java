package dispatcher.cli.settings.toml;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.machine.file.MachinesFile;
import dispatcher.machine.file.MachinesFile.Defaults;
import dispatcher.machine.file.MachinesFile.Remark;
import dispatcher.machine.file.MachinesFile.Row;
import dispatcher.machine.file.MachinesFile.Source;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Machines as Lix has them in TOML: `version = 1`, and a table `[machines.NAME]` for each with `uri`,
/// `system-types`, `ssh-key`, `jobs`, `speed-factor`, `supported-features`, `mandatory-features`,
/// `ssh-public-host-key` (a key line, not the base 64 of one) and `enable`; all but `uri` may be absent. Confined
/// to one thread.
///
/// Source: Lix 2.95, `doc/manual/src/advanced-topics/distributed-builds.md`.
public final class TomlMachines {
    private static final Set<String> FIELDS = Set.of(
            "uri",
            "system-types",
            "ssh-key",
            "jobs",
            "speed-factor",
            "supported-features",
            "mandatory-features",
            "ssh-public-host-key",
            "enable",
            "enabled");
    private static final String DEFAULT = "-";
    private static final String NAME = "(?:\"([^\"]*+)\"|'([^']*+)'|([A-Za-z0-9_-]++))";

    /// Where the table of a machine, or the first of its keys, begins.
    private static final Pattern PLACE = Pattern.compile(
            "\\s*+(?:\\[\\s*+machines\\s*+\\.\\s*+" + NAME + "|machines\\s*+\\.\\s*+" + NAME + ")\\s*+[].=]");

    private final Source source;
    private final Map<String, Integer> places = new HashMap<>();
    private final List<Row> rows = new ArrayList<>();
    private final List<Remark> faults = new ArrayList<>();
    private final List<Remark> warnings = new ArrayList<>();

    private TomlMachines(Source source) {
        this.source = source;
    }

    /// The text as a whole is not what it should be.
    public static final class UnreadableException extends Exception {
        private static final long serialVersionUID = 1L;
        private final int line;
        private final String key;

        private UnreadableException(int line, String key, String message) {
            super(message);
            this.line = line;
            this.key = key;
        }

        public Fault fault(String file) {
            return new Fault(file, line, key, String.valueOf(getMessage()));
        }
    }

    /// Reads what is there; a machine with a fault is left out, and its faults are there beside the others.
    ///
    /// @throws UnreadableException if it is no TOML, or of a version that is not known
    public static MachinesFile read(Source source, Defaults defaults) throws UnreadableException {
        return new TomlMachines(source).read(defaults);
    }

    private MachinesFile read(Defaults defaults) throws UnreadableException {
        var root = parse();
        var version = root.path("version");
        if (!version.isMissingNode() && !(version.isInt() && version.intValue() == 1))
            throw unreadable("version", "%s is not 1, the only one that is known".formatted(version));
        var machines = root.path("machines");
        if (!machines.isObject())
            throw unreadable("machines", "there are no tables [machines.NAME], as Lix has them in TOML");
        root.fieldNames().forEachRemaining(key -> {
            if (!key.equals("version") && !key.equals("machines"))
                warnings.add(new Remark(source.name(), source.firstLine(), key, "unknown key is ignored"));
        });
        findPlaces();
        machines.properties().forEach(entry -> machine(entry.getKey(), entry.getValue()));
        var read = MachinesFile.ofRows(rows, defaults);
        faults.addAll(read.faults());
        warnings.addAll(read.warnings());
        return new MachinesFile(read.entries(), faults, warnings);
    }

    private UnreadableException unreadable(String key, String message) {
        return new UnreadableException(source.firstLine(), key, message);
    }

    private JsonNode parse() throws UnreadableException {
        try {
            return new TomlMapper().readTree(source.text());
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
            throw new UnreadableException(
                    source.firstLine() + line - 1, "TOML", "cannot be read: " + e.getOriginalMessage());
        }
    }

    /// The library does not give the lines.
    private void findPlaces() {
        int line = source.firstLine();
        for (var text : source.text().split("\n", -1)) {
            var matcher = PLACE.matcher(text);
            if (matcher.lookingAt()) {
                for (int group = 1; group <= matcher.groupCount(); group++)
                    if (matcher.group(group) != null) places.putIfAbsent(matcher.group(group), line);
            }
            line++;
        }
    }

    private void machine(String name, JsonNode node) {
        int before = faults.size();
        int line = places.getOrDefault(name, source.firstLine());
        var table = new Table(name, line, node);
        if (name.isBlank() || name.startsWith("-") || !name.matches("[^\\s\\p{Cntrl}]++"))
            table.fault("name", "'%s' has blanks in it, begins with - or is empty".formatted(name));
        if (!node.isObject()) table.fault("machine", "it is no table");
        node.fieldNames().forEachRemaining(key -> {
            if (!FIELDS.contains(key)) table.fault(key, "unknown key");
        });
        var columns = List.of(
                table.text("uri"),
                table.list("system-types"),
                table.text("ssh-key"),
                table.number("jobs"),
                table.number("speed-factor"),
                table.list("supported-features"),
                table.list("mandatory-features"),
                encoded(table.text("ssh-public-host-key")));
        boolean enabled = table.flag("enable") && table.flag("enabled");
        if (enabled && faults.size() == before) rows.add(new Row(source.name(), line, name, columns));
    }

    private static String encoded(String text) {
        return text.equals(DEFAULT) ? DEFAULT : Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    /// The keys of one machine, each as a column of a machines file has it.
    private final class Table {
        private final String name;
        private final int line;
        private final JsonNode node;

        private Table(String name, int line, JsonNode node) {
            this.name = name;
            this.line = line;
            this.node = node;
        }

        void fault(String key, String message) {
            if (faults.size() <= MachinesFile.MOST_REMARKS)
                faults.add(new Remark(source.name(), line, "machines.%s: %s".formatted(name, key), message));
        }

        String text(String key) {
            var value = node.path(key);
            if (value.isMissingNode()) return DEFAULT;
            if (!value.isTextual()) fault(key, "%s is no text in quotes".formatted(value));
            return value.asText();
        }

        String number(String key) {
            var value = node.path(key);
            if (value.isMissingNode()) return DEFAULT;
            if (!value.isNumber()) fault(key, "%s is no number".formatted(value));
            return value.asText();
        }

        boolean flag(String key) {
            var value = node.path(key);
            if (!value.isMissingNode() && !value.isBoolean())
                fault(key, "%s is neither true nor false".formatted(value));
            return value.asBoolean(true);
        }

        String list(String key) {
            var value = node.path(key);
            if (value.isMissingNode() || (value.isArray() && value.isEmpty())) return DEFAULT;
            if (!value.isArray()) fault(key, "%s is no list such as [\"a\", \"b\"]".formatted(value));
            var items = new ArrayList<String>();
            for (var item : value) {
                if (!item.isTextual() || !item.asText().matches("[^\\s,\\p{Cntrl}]++"))
                    fault(key, "%s is no word in quotes".formatted(item));
                items.add(item.asText());
            }
            return String.join(",", items);
        }
    }
}
