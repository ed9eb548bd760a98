package dispatcher.cli.ping;

import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// Asks a machine what it offers, by a small shell script. It comes to the machine's `sh` on standard input, so
/// that the login shell, of any kind, reads one plain word. Commands that are missing there leave their part of
/// the answer empty.
final class Probe {
    static final String COMMAND = "sh";
    private static final int LONGEST_ANSWER = 1 << 20;
    private static final String MARK = "@@dispatcher-";
    private static final String SCRIPT = """
            PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin:/usr/bin:/bin
            say() { echo; echo "@@dispatcher-$1"; }
            answer() {
                say cores; nproc || getconf _NPROCESSORS_ONLN || sysctl -n hw.ncpu
                say disk; df -Pk /nix/store || df -Pk /nix || df -Pk /
                say login; id -un
                say groups; id -Gn
                say version; nix-store --version
                say config
                nix='nix --extra-experimental-features nix-command'
                $nix config show || $nix show-config || nix show-config
                say end
            }
            answer </dev/null 2>/dev/null
            """;
    private static final Pattern VERSION = Pattern.compile("(\\d+\\.\\d+\\S*)");
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private Probe() {}

    /// Runs the script. What `opened` is given may be closed by another thread to end this.
    ///
    /// @param remoteProgram of the machine: Nix's other programs are looked for beside it
    static ProbedCapabilities run(Transport transport, List<String> remoteProgram, Consumer<CommandChannel> opened)
            throws IOException, InterruptedException {
        try (var channel = transport.open(COMMAND)) {
            opened.accept(channel);
            try (var out = channel.out()) {
                out.write((path(remoteProgram) + SCRIPT).getBytes(StandardCharsets.UTF_8));
            }
            var answer = new String(channel.in().readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8);
            return parse(answer);
        }
    }

    /// Puts the directory of the program on the path.
    private static String path(List<String> remoteProgram) {
        var program = remoteProgram.isEmpty() ? "" : remoteProgram.getLast();
        int slash = program.lastIndexOf('/');
        return slash < 1
                ? ""
                : "PATH='%s':$PATH\n".formatted(program.substring(0, slash).replace("'", "'\\''"));
    }

    /// Finds the parts of an answer; a shell may have printed other things around them.
    static ProbedCapabilities parse(String answer) {
        var parts = parts(answer);
        var config = config(parts.getOrDefault("config", List.of()));
        return new ProbedCapabilities(
                systems(config),
                words(config, "system-features"),
                number(Optional.ofNullable(config.get("max-jobs"))),
                number(first(parts, "cores")),
                freeBytes(parts.getOrDefault("disk", List.of())),
                first(parts, "version").flatMap(Probe::version),
                trusted(config, first(parts, "login"), first(parts, "groups")));
    }

    private static Map<String, List<String>> parts(String answer) {
        var parts = new HashMap<String, List<String>>();
        List<String> current = new ArrayList<>();
        for (var line : answer.lines().toList()) {
            if (line.startsWith(MARK)) {
                current = new ArrayList<>();
                parts.put(line.substring(MARK.length()).strip(), current);
            } else if (!line.isBlank()) current.add(line.strip());
        }
        return parts;
    }

    private static Optional<String> first(Map<String, List<String>> parts, String name) {
        return parts.getOrDefault(name, List.of()).stream().findFirst();
    }

    private static Map<String, String> config(List<String> lines) {
        var config = new HashMap<String, String>();
        for (var line : lines) {
            int equals = line.indexOf('=');
            if (equals > 0)
                config.put(
                        line.substring(0, equals).strip(),
                        line.substring(equals + 1).strip());
        }
        return config;
    }

    private static Optional<SortedSet<String>> words(Map<String, String> config, String name) {
        return Optional.ofNullable(config.get(name)).map(Probe::words);
    }

    private static SortedSet<String> words(String text) {
        var words = new TreeSet<>(Arrays.asList(BLANKS.split(text)));
        words.remove("");
        return words;
    }

    private static Optional<SortedSet<String>> systems(Map<String, String> config) {
        var system = config.getOrDefault("system", "");
        if (system.isEmpty()) return Optional.empty();
        return Optional.of(words(system + " " + config.getOrDefault("extra-platforms", "")));
    }

    private static OptionalInt number(Optional<String> text) {
        return text.filter(digits -> digits.matches("\\d{1,9}"))
                .map(digits -> OptionalInt.of(Integer.parseInt(digits)))
                .orElse(OptionalInt.empty());
    }

    /// From the last line of `df -Pk`: device, blocks, used, available, …
    private static OptionalLong freeBytes(List<String> lines) {
        if (lines.isEmpty()) return OptionalLong.empty();
        var fields = BLANKS.split(lines.getLast());
        return fields.length >= 4 && fields[3].matches("\\d{1,15}")
                ? OptionalLong.of(Long.parseLong(fields[3]) * 1024)
                : OptionalLong.empty();
    }

    private static Optional<String> version(String text) {
        var matcher = VERSION.matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static Optional<Boolean> trusted(
            Map<String, String> config, Optional<String> login, Optional<String> groups) {
        if (login.isEmpty()) return Optional.empty();
        if (login.get().equals("root")) return Optional.of(true);
        return words(config, "trusted-users")
                .map(users -> users.contains("*")
                        || users.contains(login.get())
                        || groups.stream()
                                .flatMap(text -> words(text).stream())
                                .anyMatch(group -> users.contains("@" + group)));
    }
}
