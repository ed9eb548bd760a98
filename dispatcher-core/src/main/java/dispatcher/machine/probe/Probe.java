package dispatcher.machine.probe;

import dispatcher.machine.MachineDescription;
import dispatcher.thread.Interruption;
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

/// Asks a machine what it is, by a small shell script. It comes to the machine's `sh` on standard input, so that the
/// login shell, of any kind, reads one plain word. Commands that are missing there leave their part of the answer
/// empty, and so does an answer that no honest machine gives: too many names, or names with other characters than
/// Nix's own have.
public final class Probe {
    public static final String COMMAND = "sh";
    private static final int LONGEST_ANSWER = 1 << 20;
    private static final int MOST_NAMES = 100;
    private static final long KIBIBYTE = 1024;
    private static final String MARK = "@@dispatcher-";
    private static final String SCRIPT = """
            PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin
            say() { echo; echo "@@dispatcher-$1"; }
            answer() {
                say cores; nproc || getconf _NPROCESSORS_ONLN || sysctl -n hw.ncpu
                say memory; grep '^MemTotal:' /proc/meminfo || sysctl -n hw.memsize
                say disk; df -Pk /nix/store || df -Pk /nix || df -Pk /
                say login; id -un
                say groups; id -Gn
                say version; nix-store --version
                say store; nix-instantiate --eval -E builtins.storeDir
                say config
                nix='nix --extra-experimental-features nix-command'
                $nix config show || $nix show-config || nix show-config
                say end
            }
            answer </dev/null 2>/dev/null
            """;
    private static final Pattern VERSION = Pattern.compile("(\\d{1,5}\\.\\d{1,5}[0-9A-Za-z.+_~-]{0,60})");
    private static final Pattern STORE_DIR = Pattern.compile("\"(/[0-9A-Za-z/._+-]{1,200})\"");
    private static final Pattern MEMORY = Pattern.compile("(?:MemTotal:\\s+(\\d{1,15}) kB|(\\d{1,18}))");
    private static final Pattern SYSTEM = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._+-]{0,63}");
    private static final Pattern FEATURE = Pattern.compile("[!-~&&[^,]]{1,100}");
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private Probe() {}

    /// Runs the script over a new channel. What `opened` is given may be closed by another thread to end this.
    ///
    /// @param remoteProgram of the machine: Nix's other programs are looked for beside it
    public static MachineDescription run(
            Transport transport, List<String> remoteProgram, Consumer<CommandChannel> opened)
            throws IOException, InterruptedException {
        try (var channel = transport.open(COMMAND)) {
            opened.accept(channel);
            return run(channel, remoteProgram);
        }
    }

    /// Runs the script in a channel of [#COMMAND], which the caller closes.
    ///
    /// @throws IOException if the channel breaks before its end
    public static MachineDescription run(CommandChannel channel, List<String> remoteProgram)
            throws IOException, InterruptedException {
        try (var out = channel.out()) {
            out.write((path(remoteProgram) + SCRIPT).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // The program does not read; its output shows whether it is a shell.
            Interruption.rethrow(e);
        }
        return parse(new String(channel.in().readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8));
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
    public static MachineDescription parse(String answer) {
        var parts = parts(answer);
        var config = config(parts.getOrDefault("config", List.of()));
        var disk = parts.getOrDefault("disk", List.of());
        return new MachineDescription(
                systems(config),
                names(Optional.ofNullable(config.get("system-features")), FEATURE),
                names(Optional.ofNullable(config.get("experimental-features")), FEATURE)
                        .map(Probe::withoutCommand),
                number(Optional.ofNullable(config.get("max-jobs"))),
                number(first(parts, "cores")),
                memory(first(parts, "memory")),
                kibibytes(disk, 1),
                kibibytes(disk, 3),
                first(parts, "version").flatMap(text -> match(VERSION, text)),
                first(parts, "store").flatMap(text -> match(STORE_DIR, text)),
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

    private static SortedSet<String> words(String text) {
        var words = new TreeSet<>(Arrays.asList(BLANKS.split(text)));
        words.remove("");
        return words;
    }

    private static Optional<SortedSet<String>> systems(Map<String, String> config) {
        var system = config.getOrDefault("system", "");
        if (system.isEmpty()) return Optional.empty();
        return names(Optional.of(system + " " + config.getOrDefault("extra-platforms", "")), SYSTEM);
    }

    /// Empty if one of them is none, or there are too many.
    private static Optional<SortedSet<String>> names(Optional<String> text, Pattern name) {
        return text.map(Probe::words)
                .filter(names -> names.size() <= MOST_NAMES
                        && names.stream().allMatch(word -> name.matcher(word).matches()));
    }

    /// The feature that the question itself switches on.
    private static SortedSet<String> withoutCommand(SortedSet<String> experimental) {
        var others = new TreeSet<>(experimental);
        others.remove("nix-command");
        return others;
    }

    private static OptionalLong memory(Optional<String> text) {
        var matcher = MEMORY.matcher(text.orElse(""));
        if (!matcher.matches()) return OptionalLong.empty();
        return OptionalLong.of(
                matcher.group(1) == null
                        ? Long.parseLong(matcher.group(2))
                        : Long.parseLong(matcher.group(1)) * KIBIBYTE);
    }

    private static OptionalInt number(Optional<String> text) {
        return text.filter(digits -> digits.matches("\\d{1,9}"))
                .map(digits -> OptionalInt.of(Integer.parseInt(digits)))
                .orElse(OptionalInt.empty());
    }

    /// From the last line of `df -Pk`: device, blocks, used, available, …
    private static OptionalLong kibibytes(List<String> lines, int field) {
        if (lines.isEmpty()) return OptionalLong.empty();
        var fields = BLANKS.split(lines.getLast());
        return fields.length >= 4 && fields[field].matches("\\d{1,15}")
                ? OptionalLong.of(Long.parseLong(fields[field]) * KIBIBYTE)
                : OptionalLong.empty();
    }

    private static Optional<String> match(Pattern pattern, String text) {
        var matcher = pattern.matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static Optional<Boolean> trusted(
            Map<String, String> config, Optional<String> login, Optional<String> groups) {
        if (login.isEmpty()) return Optional.empty();
        if (login.get().equals("root")) return Optional.of(true);
        return Optional.ofNullable(config.get("trusted-users"))
                .map(Probe::words)
                .map(users -> users.contains("*")
                        || users.contains(login.get())
                        || groups.stream()
                                .flatMap(text -> words(text).stream())
                                .anyMatch(group -> users.contains("@" + group)));
    }
}
