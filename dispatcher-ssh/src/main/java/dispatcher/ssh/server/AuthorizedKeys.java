package dispatcher.ssh.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.ssh.keys.AddressPatterns;
import dispatcher.ssh.keys.AuthorizedKey;
import dispatcher.ssh.keys.HostKey;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The clients' public keys, in a file in OpenSSH's authorized_keys format that is read again when it has
/// changed.
///
/// Lines that cannot be read, or whose options are not to be honoured here (`KeyOptions`), are reported once for
/// each state of the file, and skipped. If a key is there in several lines, the first counts that lets it in.
///
/// Safe for any number of threads. Looks at the file each time, which is a small local one.
final class AuthorizedKeys {
    private static final Logger log = LoggerFactory.getLogger(AuthorizedKeys.class);

    private final Path file;
    private final InstantSource clock;
    private final AtomicReference<@Nullable State> state = new AtomicReference<>();

    /// @param number counted from 1
    record Entry(int number, AuthorizedKey key) {}

    /// What the file was when it was read.
    ///
    /// @param keys    all that can be used, in the order of the file
    /// @param faults  one for each line that was skipped
    /// @param remarks what is allowed and probably not meant
    private record State(
            Object identity,
            Map<HostKey, List<Entry>> keys,
            List<String> faults,
            List<String> remarks,
            Optional<SshFrontEndException> fault) {
        void report() {
            faults.forEach(text -> log.atWarn().log("authorised key skipped: {}", text));
            remarks.forEach(text -> log.atWarn().log("authorised key: {}", text));
            fault.ifPresent(it ->
                    log.atWarn().addKeyValue("next", it.nextStep()).log("no client can log in: {}", it.getMessage()));
        }
    }

    AuthorizedKeys(Path file, InstantSource clock) {
        this.file = file;
        this.clock = clock;
    }

    /// @throws SshFrontEndException if the file cannot be used as it is now
    void check() throws SshFrontEndException {
        Optional<SshFrontEndException> fault = current().fault();
        if (fault.isPresent()) throw fault.get();
    }

    /// Whether a key may come in.
    sealed interface Answer {}

    record Admitted(AuthorizedKey key) implements Answer {}

    record Unknown() implements Answer {}

    /// @param name of the client
    /// @param why  with file and line
    record Refused(String name, String why) implements Answer {}

    /// @param from where it is shown
    Answer answer(HostKey key, InetAddress from) {
        List<Entry> entries = current().keys().getOrDefault(key, List.of());
        if (entries.isEmpty()) return new Unknown();
        List<String> objections = new ArrayList<>();
        for (Entry entry : entries) {
            Optional<String> objection = entry.key().options().objection(from, clock.instant());
            if (objection.isEmpty()) return new Admitted(entry.key());
            objections.add("%s:%d: %s".formatted(file, entry.number(), objection.get()));
        }
        return new Refused(entries.getFirst().key().name(), String.join("; ", objections));
    }

    /// All keys in a file that may come in, in its order, without a word about the others; nothing if the file
    /// cannot be used.
    static Optional<List<Entry>> readOnce(Path file, InstantSource clock) {
        AuthorizedKeys keys = new AuthorizedKeys(file, clock);
        State state = keys.read(keys.identity());
        if (state.fault().isPresent()) return Optional.empty();
        return Optional.of(state.keys().values().stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparingInt(Entry::number))
                .toList());
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
        return new State(identity, Map.of(), List.of(), List.of(), Optional.of(fault));
    }

    private State parse(Object identity, String text) {
        Map<HostKey, List<Entry>> keys = new HashMap<>();
        List<String> faults = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) continue;
            String where = "%s:%d: ".formatted(file, i + 1);
            try {
                AuthorizedKey key = AuthorizedKey.parse(line);
                List<Entry> same = keys.computeIfAbsent(key.key(), _ -> new ArrayList<>());
                if (!same.isEmpty())
                    remarks.add(where
                            + "the key is in line %d already, which counts wherever that lets it in"
                                    .formatted(same.getFirst().number()));
                same.add(new Entry(i + 1, key));
                for (String host :
                        key.options().from().map(AddressPatterns::hosts).orElse(List.of()))
                    remarks.add(where
                            + "from: '%s' matches no client, as names of hosts are not looked up here".formatted(host));
            } catch (IllegalArgumentException e) {
                faults.add(where + e.getMessage());
            }
        }
        return new State(identity, keys, faults, remarks, Optional.empty());
    }
}
