package dispatcher.ssh.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the keys that a host is known by in OpenSSH's known_hosts files.
///
/// Shapes: `[@marker] <hosts> <type> <base 64> [comment]`, hosts being `a,b`, patterns with `*`, `?` and `!`,
/// `[host]:port` where the port is not 22, or a hash `|1|<salt>|<HMAC-SHA1>` of such a name. `@revoked` keys are
/// never accepted; those of `@cert-authority` lines prove nothing here, as host certificates are not read. Lines
/// that say something else are passed over, as OpenSSH does. Files are read anew at each lookup; they are small,
/// and operators edit them.
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

    /// A line that speaks of the host.
    ///
    /// @param where `<file> line <n>`
    public record Entry(HostKey key, String where, Role role) {}

    /// All that `files` say of a host; those that do not exist are passed over.
    ///
    /// @throws IOException if a file cannot be read
    public static List<Entry> lookUp(List<Path> files, String host, int port) throws IOException {
        String name = host.toLowerCase(Locale.ROOT);
        if (port != 22) name = "[" + name + "]:" + port;
        List<Entry> found = new ArrayList<>();
        for (Path file : files) {
            try {
                found.addAll(find(new String(Files.readAllBytes(file), UTF_8), file.toString(), name));
            } catch (NoSuchFileException e) {
                log.atTrace().log("no file {}", file);
            }
        }
        return found;
    }

    /// What the text of a file says of a host.
    ///
    /// @param name as such files spell it: in lower case, in brackets with its port where that is not 22
    public static List<Entry> find(String text, String file, String name) {
        List<Entry> found = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            collect(lines.get(i).strip(), name, file + " line " + (i + 1), found);
        }
        return found;
    }

    private static void collect(String line, String name, String where, List<Entry> found) {
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
        if (words.length < 2 || !matches(words[0], name)) return;
        try {
            found.add(new Entry(HostKey.parse(words[1]), where, role.get()));
        } catch (IllegalArgumentException e) {
            log.atDebug().addKeyValue("where", where).log("passed over: {}", e.getMessage());
        }
    }

    private static boolean matches(String patterns, String name) {
        if (patterns.startsWith("|")) return matchesHash(patterns, name);
        boolean found = false;
        for (String pattern : patterns.toLowerCase(Locale.ROOT).split(",", -1)) {
            boolean negated = pattern.startsWith("!");
            if (!matchesGlob(negated ? pattern.substring(1) : pattern, name)) continue;
            if (negated) return false;
            found = true;
        }
        return found;
    }

    /// Whether a name is what a pattern with `*` and `?` says. Goes back only to the last `*`, so that it takes
    /// no longer than the product of both lengths.
    private static boolean matchesGlob(String pattern, String name) {
        int p = 0;
        int n = 0;
        int star = -1;
        int afterStar = 0;
        while (n < name.length()) {
            char c = p < pattern.length() ? pattern.charAt(p) : 0;
            if (c == '*') {
                star = p++;
                afterStar = n;
            } else if (p < pattern.length() && (c == '?' || c == name.charAt(n))) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++afterStar;
            } else return false;
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') p++;
        return p == pattern.length();
    }

    private static boolean matchesHash(String hash, String name) {
        String[] parts = hash.split("\\|", -1);
        if (parts.length != 4 || !parts[1].equals("1")) return false;
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(parts[2]), "HmacSHA1"));
            return MessageDigest.isEqual(
                    mac.doFinal(name.getBytes(UTF_8)), Base64.getDecoder().decode(parts[3]));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }
}
