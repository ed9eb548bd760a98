package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.protocol.RemoteCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The clients' public keys, in a file in OpenSSH's authorized_keys format that is read again when it has
/// changed.
///
/// Shapes: `[options] <type> <base 64> [comment]`, one a line; the comment is the client's name. Options before
/// the key are passed over, known or not: clients get no shell, no forwarding and no command of their own here
/// anyway. But a key that an option restricts to addresses (`from=`), times (`expiry-time=`), certificates
/// (`cert-authority`, `principals=`) or a command that is not one of ours (`command=`) is refused, as it would
/// get more here than its owner meant. Lines that cannot be read are reported once for each state of the file,
/// and skipped.
///
/// Safe for any number of threads. Looks at the file each time, which is a small local one.
///
/// Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT".
final class AuthorizedKeys {
    private static final Logger log = LoggerFactory.getLogger(AuthorizedKeys.class);
    private static final Set<String> KEY_TYPES =
            Set.of("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521");
    private static final List<String> RESTRICTING =
            List.of("from", "expiry-time", "cert-authority", "principals", "command");

    private final Path file;
    private final AtomicReference<@Nullable State> state = new AtomicReference<>();

    /// What the file was when it was read.
    ///
    /// @param faults one for each line that was skipped
    private record State(
            Object identity, Map<HostKey, String> names, List<String> faults, Optional<SshFrontEndException> fault) {
        void report() {
            faults.forEach(text -> log.atWarn().log("authorised key skipped: {}", text));
            fault.ifPresent(it ->
                    log.atWarn().addKeyValue("next", it.nextStep()).log("nobody can log in: {}", it.getMessage()));
        }
    }

    AuthorizedKeys(Path file) {
        this.file = file;
    }

    /// @throws SshFrontEndException if the file cannot be used as it is now
    void check() throws SshFrontEndException {
        Optional<SshFrontEndException> fault = current().fault();
        if (fault.isPresent()) throw fault.get();
    }

    /// The name of the client with that key; nothing if it is not authorised.
    Optional<String> nameOf(HostKey key) {
        return Optional.ofNullable(current().names().get(key));
    }

    private State current() {
        State known = state.get();
        Object identity = identity();
        if (known != null && known.identity().equals(identity)) return known;
        State read = read(identity);
        // Of several threads that read it at once, one reports.
        if (state.compareAndSet(known, read)) read.report();
        return read;
    }

    private Object identity() {
        try {
            PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
            return List.of(
                    attributes.lastModifiedTime(),
                    attributes.size(),
                    attributes.permissions(),
                    String.valueOf(attributes.fileKey()));
        } catch (IOException e) {
            return "unreadable: " + e;
        }
    }

    private State read(Object identity) {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE))
                return faulty(
                        identity,
                        new SshFrontEndException(
                                "the file of authorised keys %s can be written by others (%s)"
                                        .formatted(file, PosixFilePermissions.toString(permissions)),
                                "run `chmod go-w %s`, and see that no key was added to it".formatted(file)));
            return parse(identity, Files.readString(file, UTF_8));
        } catch (NoSuchFileException e) {
            return faulty(
                    identity,
                    new SshFrontEndException(
                            "the file of authorised keys %s does not exist".formatted(file),
                            "make it, with a line `<type> <base 64> <name>` for each client"));
        } catch (IOException e) {
            return faulty(
                    identity,
                    new SshFrontEndException(
                            "the file of authorised keys %s cannot be read: %s".formatted(file, e.getMessage()),
                            "make it readable for user %s".formatted(System.getProperty("user.name")),
                            e));
        }
    }

    private static State faulty(Object identity, SshFrontEndException fault) {
        return new State(identity, Map.of(), List.of(), Optional.of(fault));
    }

    private State parse(Object identity, String text) {
        Map<HostKey, String> names = new HashMap<>();
        List<String> faults = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) continue;
            try {
                Line parsed = Line.parse(line);
                names.putIfAbsent(parsed.key(), parsed.name());
            } catch (IllegalArgumentException e) {
                faults.add("%s:%d: %s".formatted(file, i + 1, e.getMessage()));
            }
        }
        return new State(identity, names, faults, Optional.empty());
    }

    /// A line of the file.
    record Line(HostKey key, String name) {

        /// @throws IllegalArgumentException if it cannot be read, or restricts the key
        static Line parse(String line) {
            String rest = line;
            if (!KEY_TYPES.contains(firstWord(rest))) {
                int end = endOfOptions(line);
                refuseRestrictions(line.substring(0, end));
                rest = line.substring(end).strip();
                if (!KEY_TYPES.contains(firstWord(rest)))
                    throw new IllegalArgumentException("no key of a type known here (%s) in '%s'"
                            .formatted(String.join(", ", new TreeSet<>(KEY_TYPES)), shorten(line)));
            }
            HostKey key = HostKey.parse(rest);
            String[] words = rest.split("\\s+", 3);
            String comment = words.length > 2 ? words[2].strip() : "";
            return new Line(key, comment.isEmpty() ? key.fingerprint() : comment);
        }

        private static String firstWord(String text) {
            return text.split("\\s+", 2)[0];
        }

        /// Options are joined by commas; blanks in them are inside double quotes, a backslash guards a quote.
        private static int endOfOptions(String line) {
            boolean quoted = false;
            for (int i = 0; i < line.length(); i++) {
                char c = line.charAt(i);
                if (c == '\\' && quoted) i++;
                else if (c == '"') quoted = !quoted;
                else if (!quoted && Character.isWhitespace(c)) return i;
            }
            if (quoted) throw new IllegalArgumentException("a quote is not closed in '%s'".formatted(shorten(line)));
            return line.length();
        }

        private static void refuseRestrictions(String options) {
            for (String option : splitAtCommas(options)) {
                String[] parts = option.split("=", 2);
                String name = parts[0].strip().toLowerCase(Locale.ROOT);
                if (!RESTRICTING.contains(name)) continue;
                // Such a command restricts the client to what it can do here anyway.
                if (name.equals("command")
                        && parts.length > 1
                        && RemoteCommand.recognise(unquote(parts[1])).isPresent()) continue;
                throw new IllegalArgumentException(
                        "option '%s' restricts the key in a way that is not supported here".formatted(name));
            }
        }

        private static List<String> splitAtCommas(String options) {
            List<String> split = new ArrayList<>();
            boolean quoted = false;
            int start = 0;
            for (int i = 0; i < options.length(); i++) {
                char c = options.charAt(i);
                if (c == '\\' && quoted) i++;
                else if (c == '"') quoted = !quoted;
                else if (c == ',' && !quoted) {
                    split.add(options.substring(start, i));
                    start = i + 1;
                }
            }
            split.add(options.substring(start));
            return split;
        }

        private static String unquote(String value) {
            boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
            return quoted ? value.substring(1, value.length() - 1).replace("\\\"", "\"") : value;
        }

        private static String shorten(String line) {
            return line.length() <= 60 ? line : line.substring(0, 60) + "…";
        }
    }
}
