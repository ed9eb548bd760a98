package dispatcher.ssh.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.text.Wildcards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.sshd.client.config.hosts.KnownHostHashValue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the keys that a host is known by in OpenSSH's known_hosts files.
///
/// Shapes: `[@marker] <hosts> <type> <base 64> [comment]`, hosts being `a,b`, patterns with `*`, `?` and `!`,
/// `[host]:port` where the port is not 22, or a hash `|1|<salt>|<HMAC-SHA1>` of such a name. `@revoked` keys are
/// never accepted; those of `@cert-authority` lines prove nothing by themselves, but sign certificates that do. Lines
/// of another shape are passed over, as OpenSSH does. Files are read at each lookup; they are small, and operators
/// edit them.
///
/// Hashes are compared by the SSH library. Its reader of whole lines (`KnownHostEntry`, Apache MINA SSHD 2.20.0) is not
/// used, as it matches patterns in exponential time, does not apply `@revoked *` to other ports than 22, and accepts
/// unknown markers and keys of another type than the line's: `KnownHostsTest` holds each of these.
///
/// Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
public final class KnownHosts {
    private static final Logger log = LoggerFactory.getLogger(KnownHosts.class);

    private KnownHosts() {}

    /// What a line says of its key.
    public enum Role {
        /// The host has it.
        KNOWN(""),
        /// It must not be accepted.
        REVOKED("@revoked"),
        /// It signs the certificates of hosts.
        AUTHORITY("@cert-authority");

        private final String marker;

        Role(String marker) {
            this.marker = marker;
        }

        private static Optional<Role> of(String marker) {
            return Arrays.stream(values())
                    .filter(role -> role.marker.equals(marker))
                    .findFirst();
        }
    }

    /// A line about the host.
    ///
    /// @param where `<file> line <n>`
    public record Entry(HostKey key, String where, Role role) {}

    /// All that `files` say of a host; those that do not exist are passed over.
    ///
    /// @throws IOException if a file cannot be read
    public static List<Entry> lookUp(List<Path> files, String host, int port) throws IOException {
        List<Entry> found = new ArrayList<>();
        for (Path file : files) {
            try {
                found.addAll(find(new String(Files.readAllBytes(file), UTF_8), file.toString(), host, port));
            } catch (NoSuchFileException e) {
                log.atTrace().log("no file {}", file);
            }
        }
        return found;
    }

    /// What the text of a file says of a host.
    public static List<Entry> find(String text, String file, String host, int port) {
        String lowerCase = host.toLowerCase(Locale.ROOT);
        List<Entry> found = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            collect(lines.get(i).strip(), lowerCase, port, file + " line " + (i + 1), found);
        }
        return found;
    }

    private static void collect(String line, String host, int port, String where, List<Entry> found) {
        if (line.isEmpty() || line.startsWith("#")) return;
        String marker = "";
        if (line.startsWith("@")) {
            String[] parts = line.split("\\s+", 2);
            if (parts.length < 2) return;
            marker = parts[0];
            line = parts[1];
        }
        Optional<Role> role = Role.of(marker);
        if (role.isEmpty()) return;
        String[] words = line.split("\\s+", 2);
        if (words.length < 2 || !matches(words[0], host, port)) return;
        try {
            found.add(new Entry(HostKey.parse(words[1]), where, role.get()));
        } catch (IllegalArgumentException e) {
            log.atDebug().addKeyValue("where", where).log("passed over: {}", e.getMessage());
        }
    }

    private static boolean matches(String patterns, String host, int port) {
        if (patterns.startsWith("|")) return matchesHash(patterns, host, port);
        String name = KnownHostHashValue.createHostPattern(host, port);
        boolean found = false;
        for (String pattern : patterns.toLowerCase(Locale.ROOT).split(",", -1)) {
            boolean negated = pattern.startsWith("!");
            if (!Wildcards.matchesGlob(negated ? pattern.substring(1) : pattern, name)) continue;
            if (negated) return false;
            found = true;
        }
        return found;
    }

    private static boolean matchesHash(String hash, String host, int port) {
        try {
            return KnownHostHashValue.parse(hash).isHostMatch(host, port);
        } catch (RuntimeException e) {
            return false;
        }
    }
}
