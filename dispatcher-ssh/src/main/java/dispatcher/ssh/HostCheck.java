package dispatcher.ssh;

import dispatcher.fleet.MachineAddress;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What a host must prove to be: made before a connection, asked when the host has shown its key.
final class HostCheck {
    private final MachineAddress address;
    private final SshClientOptions options;
    private final List<KnownHosts.Entry> known;
    private final List<KnownHosts.Entry> knownWithoutPort;

    private HostCheck(
            MachineAddress address,
            SshClientOptions options,
            List<KnownHosts.Entry> known,
            List<KnownHosts.Entry> knownWithoutPort) {
        this.address = address;
        this.options = options;
        this.known = List.copyOf(known);
        this.knownWithoutPort = List.copyOf(knownWithoutPort);
    }

    /// @throws UnreachableException if what should tell the host's key cannot be read
    static HostCheck of(MachineAddress address, SshClientOptions options) throws UnreachableException {
        if (address.publicHostKey().isPresent()) {
            try {
                HostKey key = HostKey.parse(address.publicHostKey().get());
                return new HostCheck(
                        address,
                        options,
                        List.of(new KnownHosts.Entry(key, "the machine's publicHostKey", false)),
                        List.of());
            } catch (IllegalArgumentException e) {
                throw new UnreachableException(
                        Kind.HOST_KEY_UNKNOWN,
                        "the publicHostKey of %s is no key: %s".formatted(address, e.getMessage()),
                        "give it as `<type> <base 64>`, e.g. what `ssh-keyscan -t ed25519 -p %d %s` prints after the name"
                                .formatted(address.port(), address.host()));
            }
        }
        try {
            List<KnownHosts.Entry> known = KnownHosts.lookUp(options.knownHosts, address.host(), address.port());
            // Like OpenSSH, which takes an entry without a port as a proof where there is none with the port.
            boolean fallback = known.isEmpty() && address.port() != MachineAddress.SSH_PORT;
            return new HostCheck(
                    address,
                    options,
                    known,
                    fallback
                            ? KnownHosts.lookUp(options.knownHosts, address.host(), MachineAddress.SSH_PORT)
                            : List.of());
        } catch (IOException e) {
            throw new UnreachableException(
                    Kind.HOST_KEY_UNKNOWN,
                    "the known host keys cannot be read, so %s cannot be verified: %s"
                            .formatted(address, e.getMessage()),
                    "make %s readable for user %s".formatted(options.knownHosts, System.getProperty("user.name")),
                    e);
        }
    }

    /// Of the key algorithms that could be asked for, first those for which a key is known.
    String preferKnown(String algorithms) {
        Set<String> types = known.stream().map(entry -> entry.key().type()).collect(Collectors.toSet());
        knownWithoutPort.forEach(entry -> types.add(entry.key().type()));
        List<String> first = new ArrayList<>();
        List<String> rest = new ArrayList<>();
        for (String algorithm : algorithms.split(",", -1)) {
            String type = algorithm.startsWith("rsa-sha2-") ? "ssh-rsa" : algorithm;
            (types.contains(type) ? first : rest).add(algorithm);
        }
        first.addAll(rest);
        return String.join(",", first);
    }

    /// Why `shown` is no proof; nothing if it is.
    Optional<UnreachableException> fault(HostKey shown) {
        for (KnownHosts.Entry entry : known) {
            if (entry.revoked() && entry.key().equals(shown)) return Optional.of(revoked(entry));
        }
        if (isAmong(known, shown) || isAmong(knownWithoutPort, shown)) return Optional.empty();
        return Optional.of(known.stream().allMatch(KnownHosts.Entry::revoked) ? unknown(shown) : changed(shown));
    }

    private static boolean isAmong(List<KnownHosts.Entry> entries, HostKey shown) {
        return entries.stream()
                .anyMatch(entry -> !entry.revoked() && entry.key().equals(shown));
    }

    private UnreachableException revoked(KnownHosts.Entry entry) {
        return new UnreachableException(
                Kind.HOST_KEY_CHANGED,
                "the host key of %s, %s, is revoked by %s"
                        .formatted(address, entry.key().describe(), entry.where()),
                "give the host a new key, and add it to " + firstFile());
    }

    private UnreachableException unknown(HostKey shown) {
        return new UnreachableException(
                Kind.HOST_KEY_UNKNOWN,
                "the host key of %s is not known; the host sent %s".formatted(address, shown.describe()),
                "if that is its key (compare with `ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub` there), run `ssh-keyscan -p %d %s >> %s`"
                        .formatted(fileType(shown.type()), address.port(), address.host(), firstFile()));
    }

    private UnreachableException changed(HostKey shown) {
        String expected = known.stream()
                .filter(entry -> !entry.revoked())
                .map(entry -> entry.where() + " has " + entry.key().describe())
                .collect(Collectors.joining(", "));
        String remedy = address.publicHostKey().isPresent()
                ? "correct the machine's publicHostKey"
                : "run `ssh-keygen -R '%s'` and `ssh-keyscan -p %d %s >> %s`"
                        .formatted(
                                address.port() == MachineAddress.SSH_PORT
                                        ? address.host()
                                        : "[" + address.host() + "]:" + address.port(),
                                address.port(),
                                address.host(),
                                firstFile());
        return new UnreachableException(
                Kind.HOST_KEY_CHANGED,
                "the host key of %s changed; %s, the host sent %s".formatted(address, expected, shown.describe()),
                "if the host was reinstalled, %s; else treat it as an attack".formatted(remedy));
    }

    private static String fileType(String keyType) {
        if (keyType.startsWith("ecdsa-")) return "ecdsa";
        return keyType.startsWith("ssh-") ? keyType.substring("ssh-".length()) : keyType;
    }

    private String firstFile() {
        return options.knownHosts.isEmpty()
                ? "~/.ssh/known_hosts"
                : options.knownHosts.getFirst().toString();
    }
}
