package dispatcher.ssh.config;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Goes through the files once and keeps the lines that count for one host: of most keywords the first one.
/// Confined to one thread.
final class ConfigScan {
    private static final int MOST_DEPTH = 16;
    static final int MOST_FILES = 256;
    private static final int MOST_LINES = 100_000;
    private static final int MOST_WARNINGS = 50;
    private static final int MOST_OF_A_KEYWORD = 100;

    private static final Set<String> ONCE = Set.of(
            "hostname",
            "port",
            "user",
            "hostkeyalias",
            "proxyjump",
            "proxycommand",
            "identitiesonly",
            "identityagent",
            "userknownhostsfile");
    private static final Set<String> SEVERAL = Set.of("identityfile", "certificatefile");

    private final Asked asked;
    private final ConfigSource source;
    private final Map<String, ConfigLine> once = new HashMap<>();
    private final Map<String, List<ConfigLine>> several = new HashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<Path, List<ConfigLine>> parsed = new HashMap<>();
    private int files;
    private int lines;

    /// As far as they are known by now.
    private Conditions conditions;

    ConfigScan(Asked asked, ConfigSource source) {
        this.asked = asked;
        this.source = source;
        conditions = conditions();
    }

    Optional<ConfigLine> first(String keyword) {
        return Optional.ofNullable(once.get(keyword));
    }

    List<ConfigLine> all(String keyword) {
        return several.getOrDefault(keyword, List.of());
    }

    List<String> warnings() {
        return warnings;
    }

    void warn(String where, String what) {
        String text = where + ": " + what;
        if (warnings.size() < MOST_WARNINGS && !warnings.contains(text)) warnings.add(text);
    }

    /// Reads a file that is named by the settings; what it includes by a relative path is beside it.
    void read(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        read(file, parent == null ? Path.of("/") : parent, true, 0, "ssh_config");
    }

    private void read(Path file, Path base, boolean active, int depth, String from) {
        if (depth > MOST_DEPTH) {
            warn(from, "%s is not read: it is included over more than %d files".formatted(file, MOST_DEPTH));
            return;
        }
        if (++files > MOST_FILES) {
            warn(from, "%s is not read: more than %d files are included".formatted(file, MOST_FILES));
            return;
        }
        List<ConfigLine> known = parsed.get(file);
        if (known == null) {
            known = parse(file);
            parsed.put(file, known);
        }
        evaluate(known, base, active, depth);
    }

    private List<ConfigLine> parse(Path file) {
        List<ConfigLine> all = new ArrayList<>();
        try {
            Optional<String> text = source.read(file);
            if (text.isEmpty()) return all;
            int number = 0;
            for (String line : (Iterable<String>) text.get().lines()::iterator) {
                String where = file + " line " + ++number;
                try {
                    ConfigLine.parse(line, where).ifPresent(all::add);
                } catch (BadLineException e) {
                    warn(where, String.valueOf(e.getMessage()));
                }
            }
        } catch (IOException e) {
            warn(file.toString(), "is not used: " + e.getMessage());
        }
        return all;
    }

    /// @param reached whether the lines count where no `Host` or `Match` of the file says something else
    private void evaluate(List<ConfigLine> all, Path base, boolean reached, int depth) {
        boolean active = reached;
        for (ConfigLine line : all) {
            if (++lines > MOST_LINES) {
                warn(line.where(), "is not read, as more than %d lines are before it".formatted(MOST_LINES));
                return;
            }
            switch (line.keyword()) {
                case "host" -> active = reached && conditions.host(line.arguments());
                case "match" -> active = matches(line, reached);
                case "include" -> include(line, base, active, depth);
                default -> {
                    if (active) keep(line);
                }
            }
        }
    }

    private boolean matches(ConfigLine line, boolean reached) {
        try {
            return conditions.match(line.arguments()) && reached;
        } catch (BadLineException e) {
            warn(line.where(), "%s; the lines up to the next Host or Match are skipped".formatted(e.getMessage()));
            return false;
        }
    }

    private Conditions conditions() {
        String host = first("hostname")
                .map(line -> line.value().replace("%h", asked.name()).replace("%%", "%"))
                .orElse(asked.name());
        String user =
                asked.user().or(() -> first("user").map(ConfigLine::value)).orElse(asked.localUser());
        return new Conditions(asked.name(), host, user, asked.localUser());
    }

    private void include(ConfigLine line, Path base, boolean active, int depth) {
        for (String argument : line.arguments()) {
            try {
                Path pattern = argument.startsWith("~/")
                        ? asked.home().resolve(argument.substring(2))
                        : base.resolve(argument);
                for (Path file : source.matching(pattern)) read(file, base, active, depth + 1, line.where());
            } catch (InvalidPathException e) {
                warn(line.where(), "'%s' is no path".formatted(argument));
            }
        }
    }

    private void keep(ConfigLine line) {
        if (ONCE.contains(line.keyword())) {
            // Whichever of the two comes first counts, and the other one does not.
            String other = line.keyword().equals("proxyjump") ? "proxycommand" : "proxyjump";
            if (line.keyword().startsWith("proxy") && once.containsKey(other)) return;
            boolean first = once.putIfAbsent(line.keyword(), line) == null;
            if (first && (line.keyword().equals("hostname") || line.keyword().equals("user")))
                conditions = conditions();
        } else if (SEVERAL.contains(line.keyword())) {
            List<ConfigLine> all = several.computeIfAbsent(line.keyword(), _ -> new ArrayList<>());
            if (all.size() < MOST_OF_A_KEYWORD) all.add(line);
        }
    }
}
