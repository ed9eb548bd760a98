package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.keys.HostKey;
import dispatcher.ssh.keys.KnownHosts;
import dispatcher.ssh.keys.KnownHosts.Role;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The check of a host's key: made before a connection, asked when the host has shown its key.
///
/// Like OpenSSH: a key that is revoked under the host's name is refused even if it is also known as good; and where
/// no line gives a key for `[host]:port`, a key of `host` is a proof too. Lines that revoke a key or name an
/// authority give none; a certificate that such an authority has signed is a proof. Of a host whose keys are known, but
/// none of the type that it shows, OpenSSH says that the
/// key has changed; here the error says that the type is unknown. The host is refused too.
public final class HostCheck {
    private static final Logger log = LoggerFactory.getLogger(HostCheck.class);

    private final MachineAddress address;
    private final Target.HostKeyName name;

    private static final String CERTIFICATE = "-cert-v01@openssh.com";

    /// Any of these is a proof.
    private final List<KnownHosts.Entry> proofs;

    /// The host should have these; of a host at another port than 22 none is expected that is known without a port.
    private final List<KnownHosts.Entry> expected;

    private final List<KnownHosts.Entry> revoked;
    private final List<KnownHosts.Entry> authorities;

    /// @param named       what is known by the name that the host has with its port
    /// @param withoutPort what is known of the host at port 22, if that is another one
    private HostCheck(
            MachineAddress address,
            Target.HostKeyName name,
            List<KnownHosts.Entry> named,
            List<KnownHosts.Entry> withoutPort) {
        this.address = address;
        this.name = name;
        this.expected = of(Role.KNOWN, named);
        this.proofs = expected.isEmpty() ? of(Role.KNOWN, withoutPort) : expected;
        List<KnownHosts.Entry> all =
                Stream.concat(named.stream(), withoutPort.stream()).toList();
        this.revoked = of(Role.REVOKED, all);
        this.authorities = of(Role.AUTHORITY, all);
    }

    private static List<KnownHosts.Entry> of(Role role, List<KnownHosts.Entry> entries) {
        return entries.stream().filter(entry -> entry.role() == role).toList();
    }

    /// @throws UnreachableException if the files with the host's key cannot be read
    public static HostCheck of(MachineAddress address, SshClientOptions options) throws UnreachableException {
        return of(address, new Target.HostKeyName(address.host(), address.port(), options.knownHosts));
    }

    static HostCheck of(MachineAddress address, Target.HostKeyName name) throws UnreachableException {
        return address.publicHostKey().isPresent()
                ? ofMachine(address, name, address.publicHostKey().get())
                : ofKnownHosts(address, name);
    }

    /// By the machine's own keys, and what the known_hosts files revoke, as far as they can be read.
    private static HostCheck ofMachine(MachineAddress address, Target.HostKeyName name, String keys)
            throws UnreachableException {
        List<KnownHosts.Entry> entries = new ArrayList<>();
        try {
            for (String line : keys.lines().toList())
                entries.add(new KnownHosts.Entry(HostKey.parse(line), "the machine's publicHostKey", Role.KNOWN));
        } catch (IllegalArgumentException e) {
            throw new UnreachableException(
                    Kind.HOST_KEY_UNKNOWN,
                    "the publicHostKey of %s is no key: %s".formatted(address, e.getMessage()),
                    "give it as `<type> <base 64>`, e.g. what `ssh-keyscan -t ed25519 -p %d %s` prints after the name"
                            .formatted(address.port(), address.host()));
        }
        try {
            entries.addAll(of(Role.REVOKED, KnownHosts.lookUp(name.files(), name.host(), name.port())));
            return new HostCheck(address, name, entries, of(Role.REVOKED, withoutPort(name)));
        } catch (IOException e) {
            log.atDebug().addKeyValue("machine", address).log("nothing is known to be revoked: {}", e.getMessage());
            return new HostCheck(address, name, entries, List.of());
        }
    }

    private static HostCheck ofKnownHosts(MachineAddress address, Target.HostKeyName name) throws UnreachableException {
        try {
            return new HostCheck(
                    address, name, KnownHosts.lookUp(name.files(), name.host(), name.port()), withoutPort(name));
        } catch (IOException e) {
            throw new UnreachableException(
                    Kind.HOST_KEY_UNKNOWN,
                    "the known host keys cannot be read, so %s cannot be verified: %s"
                            .formatted(address, e.getMessage()),
                    "make %s readable for user %s".formatted(name.files(), System.getProperty("user.name")),
                    e);
        }
    }

    private static List<KnownHosts.Entry> withoutPort(Target.HostKeyName name) throws IOException {
        return name.port() == MachineAddress.SSH_PORT
                ? List.of()
                : KnownHosts.lookUp(name.files(), name.host(), MachineAddress.SSH_PORT);
    }

    /// What is known is known by this name; the machine's address may be another one.
    private String written() {
        return name.port() == MachineAddress.SSH_PORT ? name.host() : "[%s]:%d".formatted(name.host(), name.port());
    }

    /// The command that shows the key of the host, as a line under the name that it is looked up by.
    private String scan(String more) {
        return name.host().equals(address.host()) && name.port() == address.port()
                ? "ssh-keyscan %s-p %d %s >> %s".formatted(more, address.port(), address.host(), firstFile())
                : "ssh-keyscan %s-p %d %s | sed 's/^[^ ]*/%s/' >> %s"
                        .formatted(more, address.port(), address.host(), name.host(), firstFile());
    }

    /// Of the key algorithms that could be asked for, first those for which a key is known.
    ///
    /// Certificates come before keys where an authority is known, and are not asked for where none is.
    public String preferKnown(String algorithms) {
        Set<String> types = proofs.stream().map(entry -> entry.key().type()).collect(Collectors.toSet());
        List<String> first = new ArrayList<>();
        List<String> rest = new ArrayList<>();
        for (String algorithm : algorithms.split(",", -1)) {
            if (algorithm.endsWith(CERTIFICATE)) {
                if (!authorities.isEmpty()) first.add(algorithm);
                continue;
            }
            String type = algorithm.startsWith("rsa-sha2-") ? "ssh-rsa" : algorithm;
            (types.contains(type) ? first : rest).add(algorithm);
        }
        first.addAll(rest);
        return String.join(",", first);
    }

    /// Why `shown` is no proof; nothing if it is.
    public Optional<UnreachableException> fault(HostKey shown) {
        for (KnownHosts.Entry entry : revoked) {
            if (entry.key().equals(shown)) return Optional.of(revoked(entry));
        }
        if (proofs.stream().anyMatch(entry -> entry.key().equals(shown))) return Optional.empty();
        if (expected.isEmpty()) return Optional.of(unknown(shown));
        boolean sameType =
                expected.stream().anyMatch(entry -> entry.key().type().equals(shown.type()));
        return Optional.of(sameType ? changed(shown) : ofAnotherType(shown));
    }

    /// Why a certificate is no proof; nothing if it is. That the authority has signed it, for a host of this name and
    /// for now, is known.
    ///
    /// @param authority that has signed it
    /// @param certified the host's own key
    public Optional<UnreachableException> fault(HostKey authority, HostKey certified) {
        for (KnownHosts.Entry entry : revoked) {
            if (entry.key().equals(authority) || entry.key().equals(certified)) return Optional.of(revoked(entry));
        }
        if (authorities.stream().anyMatch(entry -> entry.key().equals(authority))) return Optional.empty();
        if (proofs.stream().anyMatch(entry -> entry.key().equals(certified))) return Optional.empty();
        return Optional.of(new UnreachableException(
                Kind.HOST_KEY_UNKNOWN,
                "the host certificate of %s is signed by %s, which is no authority for it; %s trusts %s"
                        .formatted(
                                address,
                                authority.describe(),
                                authorities.getFirst().where(),
                                authorities.getFirst().key().describe()),
                "if that authority is yours, add `@cert-authority %s %s` to %s"
                        .formatted(written(), authority, firstFile())));
    }

    private UnreachableException revoked(KnownHosts.Entry entry) {
        return new UnreachableException(
                Kind.HOST_KEY_CHANGED,
                "the host key of %s, %s, is revoked by %s"
                        .formatted(address, entry.key().describe(), entry.where()),
                "give the host a new key, and add it to " + firstFile());
    }

    private UnreachableException unknown(HostKey shown) {
        if (!authorities.isEmpty())
            return new UnreachableException(
                    Kind.HOST_KEY_UNKNOWN,
                    "the host key of %s is not known; the host sent %s without a certificate, and %s trusts an authority"
                            .formatted(
                                    address,
                                    shown.describe(),
                                    authorities.getFirst().where()),
                    "let its sshd show the certificate (HostCertificate in its sshd_config); or, %s, write it as the machine's publicHostKey: `%s`"
                            .formatted(compare(shown), shown));
        return new UnreachableException(
                Kind.HOST_KEY_UNKNOWN,
                "the host key of %s is not known; the host sent %s".formatted(address, shown.describe()),
                "%s, run `%s`".formatted(compare(shown), scan("")));
    }

    private static String compare(HostKey shown) {
        return "if that is its key (compare with `ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub` there)"
                .formatted(fileType(shown.type()));
    }

    /// The host offers none of the types of which keys are known, or it would have been asked for one of them.
    private UnreachableException ofAnotherType(HostKey shown) {
        String remedy = address.publicHostKey().isPresent()
                ? "add `%s` to the machine's publicHostKey".formatted(shown)
                : "run `%s`".formatted(scan("-t %s ".formatted(fileType(shown.type()))));
        return new UnreachableException(
                Kind.HOST_KEY_UNKNOWN,
                "the host key of %s is not known by its type; %s, of a type that the host does not offer to us, and it sent %s"
                        .formatted(address, known(), shown.describe()),
                "%s, %s".formatted(compare(shown), remedy));
    }

    private UnreachableException changed(HostKey shown) {
        String remedy = address.publicHostKey().isPresent()
                ? "correct the machine's publicHostKey"
                : "run `ssh-keygen -R '%s'` and `%s`".formatted(written(), scan(""));
        return new UnreachableException(
                Kind.HOST_KEY_CHANGED,
                "the host key of %s changed; %s, the host sent %s".formatted(address, known(), shown.describe()),
                "if the host was reinstalled, %s; else treat it as an attack".formatted(remedy));
    }

    private String known() {
        return expected.stream()
                .map(entry -> entry.where() + " has " + entry.key().describe())
                .collect(Collectors.joining(", "));
    }

    /// As it is spelt in file names, and by ssh-keyscan.
    private static String fileType(String keyType) {
        if (keyType.startsWith("ecdsa-")) return "ecdsa";
        return keyType.startsWith("ssh-") ? keyType.substring("ssh-".length()) : keyType;
    }

    private String firstFile() {
        return name.files().isEmpty()
                ? "~/.ssh/known_hosts"
                : name.files().getFirst().toString();
    }
}
