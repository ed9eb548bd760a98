package dispatcher.ssh.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.keys.KeyFiles.Identities;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the keys to log in to one host with: in files, with the certificates beside them, and in an agent. Used once,
/// by one thread.
public final class KeySearch {
    private static final Logger log = LoggerFactory.getLogger(KeySearch.class);
    private static final int MOST_BYTES = 64 * 1024;

    /// Hosts hang up after some keys, most after six.
    private static final int MOST_OF_AGENT = 20;

    private final MachineAddress address;
    private final Sources sources;
    private final List<Credential> found = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private @Nullable List<Credential> agentKeys;
    private Optional<UnreachableException> fault = Optional.empty();

    /// Where keys may be for a host whose settings name none.
    ///
    /// @param named        files that ssh_config names; if there are some, the usual ones do not count
    /// @param usual        files that need not exist
    /// @param certificates for keys that are found, beside those that are next to them
    /// @param agent        socket of an agent
    /// @param all          whether the agent's other keys are to be shown too
    public record Sources(
            List<Path> named, List<Path> usual, List<Path> certificates, Optional<Path> agent, boolean all) {
        public Sources {
            named = List.copyOf(named);
            usual = List.copyOf(usual);
            certificates = List.copyOf(certificates);
        }

        /// These files alone.
        public static Sources files(List<Path> usual) {
            return new Sources(List.of(), usual, List.of(), Optional.empty(), false);
        }
    }

    private KeySearch(MachineAddress address, Sources sources) {
        this.address = address;
        this.sources = sources;
    }

    /// The keys to show to `address`: its own one, or those of `sources` that can be used.
    ///
    /// @throws UnreachableException of kind `KEY_UNUSABLE` if its own one cannot be used
    public static Identities find(MachineAddress address, Sources sources) throws UnreachableException {
        return new KeySearch(address, sources).find();
    }

    private Identities find() throws UnreachableException {
        if (address.keyFile().isPresent()) {
            add(address.keyFile().get(), "the machine's sshKey");
            return new Identities(found, Optional.empty(), notes);
        }
        List<Path> files = sources.named.isEmpty() ? sources.usual : sources.named;
        for (Path file : files) {
            if (!Files.exists(file) && !Files.exists(beside(file, ".pub"))) continue;
            try {
                add(file, sources.named.isEmpty() ? "the machine's sshKey" : "IdentityFile in ssh_config");
            } catch (UnreachableException e) {
                fault = Optional.of(e);
                notes.add(String.valueOf(e.getMessage()));
            }
        }
        if (sources.all) addOthersOfAgent();
        if (!found.isEmpty()) return new Identities(found, Optional.empty(), notes);
        return new Identities(
                found,
                Optional.of(fault.orElseGet(() -> unusable(
                        "no key to log in to %s with: none of %s exists%s"
                                .formatted(address, files, notes.isEmpty() ? "" : "; " + String.join("; ", notes)),
                        "make one with `ssh-keygen -t ed25519 -N ''`, or name one as the machine's sshKey"))),
                notes);
    }

    private void add(Path file, String namedBy) throws UnreachableException {
        Optional<HostKey> publicKey = publicKey(file);
        if (publicKey.isPresent() || !Files.exists(file)) {
            Optional<HostKey> wanted = publicKey.or(() -> publicKey(beside(file, ".pub")));
            if (wanted.isEmpty()) throw KeyFiles.missing(file, address, namedBy);
            addOfAgent(file, wanted.get(), "only the public key is there");
            return;
        }
        try {
            FileKey key = FileKey.of(file, KeyFiles.read(file, address, namedBy));
            addCertificates(
                    file, key.shown(), certified -> new FileKey(certified.file(), key.keys(), certified.shown()));
            found.add(key);
        } catch (KeyFiles.Locked e) {
            Optional<HostKey> wanted = publicKey(beside(file, ".pub")).or(e::publicKey);
            if (wanted.isEmpty() || ofAgent(wanted.get()).isEmpty()) throw e.failure();
            addOfAgent(file, wanted.get(), "the key is encrypted");
        }
    }

    private void addOfAgent(Path file, HostKey wanted, String why) throws UnreachableException {
        Credential key = ofAgent(wanted)
                .orElseThrow(() -> unusable(
                        "the key file %s for %s needs an agent: %s, and %s"
                                .formatted(file, address, why, agentWithout()),
                        "put the private key into %s, or run `ssh-add` for the agent and let the dispatcher have its"
                                        .formatted(file)
                                + " SSH_AUTH_SOCK"));
        addCertificates(file, key.shown(), certified -> new Certified(key, certified.shown(), certified.file()));
        found.add(key);
    }

    private String agentWithout() {
        return sources.agent
                .map(socket -> "the agent at %s does not have it%s"
                        .formatted(socket, notes.isEmpty() ? "" : " (" + String.join("; ", notes) + ")"))
                .orElse("there is no agent (SSH_AUTH_SOCK is not set)");
    }

    /// A certificate, and its file.
    private record CertificateFile(Path file, HostKey shown) {}

    private interface Certifying {
        Credential with(CertificateFile certificate);
    }

    /// A key of an agent, shown by a certificate that the agent does not have.
    private record Certified(Credential key, HostKey shown, Path file) implements Credential {
        @Override
        public String describe() {
            return "%s, certified by %s".formatted(key.describe(), file);
        }

        @Override
        public byte[] sign(String algorithm, byte[] data) throws IOException {
            return key.sign(algorithm, data);
        }
    }

    /// Shown before the key itself, as by OpenSSH.
    private void addCertificates(Path keyFile, HostKey key, Certifying certifying) {
        List<Path> files = new ArrayList<>(sources.certificates);
        String name = String.valueOf(keyFile.getFileName());
        files.add(keyFile.resolveSibling(
                name.endsWith(".pub") ? name.replaceFirst("\\.pub\\z", "-cert.pub") : name + "-cert.pub"));
        for (Path file : files) {
            if (!Files.exists(file)) continue;
            try {
                Certificates.UserCertificate certificate = Certificates.read(file, Instant.now());
                if (certificate.key().equals(key))
                    found.add(certifying.with(new CertificateFile(file, certificate.shown())));
                else if (!sources.certificates.contains(file))
                    notes.add("the certificate %s is for another key".formatted(file));
            } catch (IOException e) {
                notes.add("the certificate %s is not used: %s".formatted(file, e.getMessage()));
            }
        }
    }

    private void addOthersOfAgent() {
        int added = 0;
        for (Credential key : agentKeys()) {
            boolean known = found.stream().anyMatch(it -> it.shown().equals(key.shown()));
            if (!known && added++ < MOST_OF_AGENT) found.add(key);
        }
    }

    private Optional<Credential> ofAgent(HostKey wanted) {
        return agentKeys().stream().filter(key -> key.shown().equals(wanted)).findFirst();
    }

    private List<Credential> agentKeys() {
        List<Credential> known = agentKeys;
        if (known != null) return known;
        known = List.of();
        if (sources.agent.isPresent()) {
            try {
                known = new KeyAgent(sources.agent.get()).keys();
            } catch (IOException e) {
                log.atDebug().addKeyValue("machine", address).log("{}", e.getMessage());
                notes.add(String.valueOf(e.getMessage()));
            }
        }
        agentKeys = known;
        return known;
    }

    private static Path beside(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }

    /// The key in a file of one public key; empty if it is none.
    private static Optional<HostKey> publicKey(Path file) {
        if (!Files.isRegularFile(file)) return Optional.empty();
        try (InputStream in = Files.newInputStream(file)) {
            String text = new String(in.readNBytes(MOST_BYTES), UTF_8).strip();
            return text.contains("\n") || text.contains("-----") ? Optional.empty() : Optional.of(HostKey.parse(text));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static UnreachableException unusable(String what, String nextStep) {
        return new UnreachableException(Kind.KEY_UNUSABLE, what, nextStep);
    }
}
