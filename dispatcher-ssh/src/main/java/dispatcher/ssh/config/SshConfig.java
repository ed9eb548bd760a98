package dispatcher.ssh.config;

import dispatcher.ssh.config.HostSettings.Origin;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Looks up a host in files of the form of ssh_config, as `ssh` does: the first value of a keyword counts, and
/// `IdentityFile` and `CertificateFile` may be there several times. `Include` with `*` and `?`, `Host`, and `Match`
/// with `all`, `host`, `originalhost`, `user` and `localuser` are known; a block with another criterion is skipped with
/// a warning. Never throws for what is in a file: what cannot be used is a warning, with file and line.
///
/// The SSH library's own reader (`HostConfigEntry`, Apache MINA SSHD 2.20.0) is not used: it knows neither `Include`
/// nor `Match`, keeps no numbers of lines, refuses a whole file for one line, and matches patterns in exponential time.
///
/// Files are read at each lookup; they are small, and operators edit them. Safe for any thread.
///
/// Source: ssh_config(5); OpenSSH 10, `readconf.c`.
public final class SshConfig {
    private static final int MOST_JUMPS = 8;

    private final Asked asked;
    private final ConfigScan scan;
    private final List<Origin> origins = new ArrayList<>();

    private SshConfig(Asked asked, ConfigScan scan) {
        this.asked = asked;
        this.scan = scan;
    }

    /// What `files` say, the first of which counts first; those that do not exist are passed over.
    public static HostSettings lookUp(List<Path> files, Asked asked) {
        return lookUp(files, asked, new ConfigFiles());
    }

    static HostSettings lookUp(List<Path> files, Asked asked, ConfigSource source) {
        ConfigScan scan = new ConfigScan(asked, source);
        files.forEach(scan::read);
        return new SshConfig(asked, scan).settings();
    }

    private HostSettings settings() {
        Tokens name = new Tokens(Map.of('h', asked.name()));
        String host = once("hostname", "HostName", line -> hostName(name.expand(line.value())))
                .orElse(asked.name());
        Optional<Integer> port =
                asked.port().isPresent() ? Optional.empty() : once("port", "Port", line -> port(line.value()));
        Optional<String> user =
                asked.user().isPresent() ? Optional.empty() : once("user", "User", line -> word(line.value()));
        Tokens tokens = tokens(host, port, user);
        Optional<String> alias = once("hostkeyalias", "HostKeyAlias", line -> word(tokens.expand(line.value())));
        List<String> jumps = once("proxyjump", "ProxyJump", line -> jumps(tokens.expand(line.value())))
                .orElse(List.of());
        scan.first("proxycommand")
                .filter(line -> !line.value().equalsIgnoreCase("none"))
                .ifPresent(line -> scan.warn(
                        line.where(), "ProxyCommand is not run here; write the host in between as ProxyJump"));
        boolean only = once("identitiesonly", "IdentitiesOnly", line -> yes(line.value()))
                .orElse(false);
        Optional<String> agent = once("identityagent", "IdentityAgent", line -> agent(tokens, line.value()));
        List<Path> known = once("userknownhostsfile", "UserKnownHostsFile", line -> paths(tokens, line.arguments()))
                .orElse(List.of());
        List<Path> identities = files("identityfile", "IdentityFile", tokens);
        List<Path> certificates = files("certificatefile", "CertificateFile", tokens);
        return new HostSettings(
                host, port, user, identities, certificates, only, agent, alias, jumps, known, origins, scan.warnings());
    }

    private Tokens tokens(String host, Optional<Integer> port, Optional<String> user) {
        return new Tokens(Map.of(
                'd', asked.home().toString(),
                'h', host,
                'n', asked.name(),
                'p', String.valueOf(asked.port().or(() -> port).orElse(22)),
                'r', asked.user().or(() -> user).orElse(asked.localUser()),
                'u', asked.localUser()));
    }

    /// The value of the line that counts; nothing, with a warning, if it makes no sense.
    private <T> Optional<T> once(String keyword, String written, Function<ConfigLine, T> value) {
        return scan.first(keyword).flatMap(line -> value(line, written, value));
    }

    private <T> Optional<T> value(ConfigLine line, String written, Function<ConfigLine, T> value) {
        try {
            T read = value.apply(line);
            origins.add(new Origin(written, shown(read), line.where()));
            return Optional.of(read);
        } catch (IllegalArgumentException e) { // also of paths
            scan.warn(line.where(), "%s: %s".formatted(written, e.getMessage()));
            return Optional.empty();
        }
    }

    private static String shown(Object value) {
        if (value instanceof List<?> list)
            return list.isEmpty()
                    ? "none"
                    : String.join(",", list.stream().map(String::valueOf).toList());
        return value.equals(true) ? "yes" : value.equals(false) ? "no" : value.toString();
    }

    private List<Path> files(String keyword, String written, Tokens tokens) {
        List<Path> files = new ArrayList<>();
        for (ConfigLine line : scan.all(keyword)) {
            if (line.value().equalsIgnoreCase("none")) continue;
            value(line, written, it -> path(tokens, it.value())).ifPresent(files::add);
        }
        return files;
    }

    private Path path(Tokens tokens, String text) {
        String expanded = tokens.expand(text);
        Path path = expanded.startsWith("~/") ? asked.home().resolve(expanded.substring(2)) : Path.of(expanded);
        if (!path.isAbsolute()) throw new InvalidPathException(text, "it does not begin with / or ~/");
        return path.normalize();
    }

    private List<Path> paths(Tokens tokens, List<String> texts) {
        if (texts.getFirst().equalsIgnoreCase("none")) return List.of();
        return texts.stream().map(text -> path(tokens, text)).toList();
    }

    private String agent(Tokens tokens, String text) {
        if (text.equals("none") || text.equals("SSH_AUTH_SOCK")) return text;
        if (text.startsWith("$")) return text;
        return path(tokens, text).toString();
    }

    private static List<String> jumps(String text) {
        if (text.equalsIgnoreCase("none")) return List.of();
        List<String> jumps =
                List.of(text.split(",", -1)).stream().map(String::strip).toList();
        if (jumps.size() > MOST_JUMPS) throw new BadLineException("names more than %d hosts".formatted(MOST_JUMPS));
        if (jumps.stream().anyMatch(jump -> jump.isEmpty() || jump.startsWith("-")))
            throw new BadLineException("'%s' is no list of hosts".formatted(text));
        return jumps;
    }

    private static int port(String text) {
        int port = text.matches("\\d{1,5}") ? Integer.parseInt(text) : 0;
        if (port < 1 || port > 65_535) throw new BadLineException("'%s' is no port".formatted(text));
        return port;
    }

    private static String hostName(String text) {
        if (text.isBlank() || text.startsWith("-"))
            throw new BadLineException("'%s' is no name of a host".formatted(text));
        return text;
    }

    private static String word(String text) {
        if (text.isBlank()) throw new BadLineException("is empty");
        return text;
    }

    private static boolean yes(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "yes", "true" -> true;
            case "no", "false" -> false;
            default -> throw new BadLineException("'%s' is neither yes nor no".formatted(text));
        };
    }
}
