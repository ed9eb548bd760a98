package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.Settings.HostStore;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.settings.value.Shape;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.value.Types;
import java.nio.file.Path;
import java.time.Duration;

/// Where clients come in and where things are kept, in the table of settings.
final class PlaceKeys {
    static final Key<Path> SOCKET = Key.of("listen.socket", Types.path())
            .live("/run/dispatcher/dispatcher.sock")
            .counts(Effect.RESTART, it -> it.listen().socket())
            .help("""
                    For Nix on this host. `dispatcher builders` prints the line for its nix.conf. At most 103
                    bytes; letters, digits and / . _ + @ - only, as Nix has to read the path out of a URI. What
                    is there must be a socket that nobody listens at, or nothing.""");
    static final Key<HostAndPort> SSH = Key.of("listen.ssh", Types.address())
            .live("0.0.0.0:2222")
            .counts(Effect.RESTART, it -> it.listen().ssh())
            .help("""
                    For Nix on other hosts: `dispatcher builders --ssh THIS-HOST` prints the line for them.
                    0.0.0.0 is every IPv4 address, [::] every address. Only the Nix protocols are spoken there;
                    there is no shell and no forwarding.""");
    static final Key<HostAndPort> WEB = Key.of("listen.web", Types.localAddress())
            .example("127.0.0.1:8080")
            .counts(Effect.RESTART, it -> it.listen().web())
            .help("""
                    For people, scripts and Prometheus: the page, and the API under /api/v1. A port alone is that of
                    127.0.0.1, where everybody on this host may look. Elsewhere, and to act, see `web`. There is no
                    TLS; a reverse proxy has that.""");
    static final Group LISTEN =
            Group.of("listen", "Where clients come in: socket or ssh or both. Required.", SOCKET, SSH, WEB);

    static final String STATE_NAME = "state";
    static final String STATE_PRESET = "/var/lib/dispatcher";
    static final Key<Path> STATE = Key.of(STATE_NAME, Types.path())
            .preset(Path.of(STATE_PRESET))
            .counts(Effect.RESTART, Settings::state)
            .help("""
                    Directory for what must outlive the program, and for control.sock, by which commands such as
                    `dispatcher spool` ask the running one.""");
    static final Key<Path> HOST_KEY = Key.of("hostKey", Types.path())
            .presetIs("ssh_host_ed25519_key in the state directory")
            .example("/var/lib/dispatcher/ssh_host_ed25519_key")
            .counts(Effect.RESTART, Settings::hostKey)
            .help("Private key of our SSH server; made at the first start.");
    static final Key<Path> SECRET_KEY_FILE = Key.of("secretKeyFile", Types.path())
            .presetIs("none; outputs are not signed")
            .example("/etc/dispatcher/secret-key")
            .counts(Effect.RESTART, Settings::secretKeyFile)
            .help("""
                    What outputs are signed with before they go to their clients, as `nix-store
                    --generate-binary-cache-key NAME SECRET PUBLIC` makes it: clients that have the public half
                    in trusted-public-keys then need not trust us otherwise. For its file holds what `sshKey` of
                    machines says.""");

    static final Key<Path> SPOOL_PATH = Key.of("spool.path", Types.path())
            .presetIs("spool in the state directory")
            .example("/var/lib/dispatcher/spool")
            .counts(Effect.RESTART, it -> it.spool().path())
            .help("The directory.");
    static final Key<ByteSize> SPOOL_SIZE = Key.of(
                    "spool.size", Types.sizeAboveZero(_ -> "a spool of no size holds nothing"))
            .preset(ByteSize.parse("50GiB"))
            .live("50GiB")
            .counts(Effect.RESTART, it -> it.spool().size())
            .help("Bound on the sum of all that is kept.");
    static final Group SPOOL = Group.of(
            "spool",
            "Store paths that clients send are kept here for the machines; what was used least recently goes first.",
            SPOOL_PATH,
            SPOOL_SIZE);

    static final Key<Duration> RECORDS_KEEP = Key.of("records.keep", Types.duration())
            .preset(Duration.ofDays(30))
            .counts(Effect.AT_ONCE, it -> it.records().keep())
            .help("How long they are kept after the end of their builds.");
    static final Key<ByteSize> RECORDS_LOG_SIZE = Key.of("records.logSize", Types.size())
            .preset(ByteSize.parse("1MiB"))
            .counts(Effect.NEW_BUILDS, it -> new ByteSize(it.records().logSize()))
            .help("""
                    How much of the log of each build is kept, before it is compressed; of a longer one the
                    beginning. 0 for no logs.""");
    static final Group RECORDS = Group.of("records", """
            What is kept of each build, in records.sqlite in the state directory: who asked, where it went, what it
            took, how it ended, and its log. `dispatcher builds` shows it.""", RECORDS_KEEP, RECORDS_LOG_SIZE);

    static final Key<HostStore> HOST_STORE = Key.of("hostStore", hostStore())
            .preset(new HostStore.Auto())
            .counts(Effect.RESTART, it -> shown(it.hostStore()))
            .help("""
                    Whether inputs are read from the store of this host, so that its own clients need not send
                    them: auto (if a nix-daemon answers at its usual socket), off, or the path of a nix-daemon's
                    socket.""");

    private PlaceKeys() {}

    private static Type<HostStore> hostStore() {
        return new Type<>(
                "auto, off or a path",
                new Shape.Text(),
                (text, paths) -> switch (text) {
                    case "auto" -> new HostStore.Auto();
                    case "off" -> new HostStore.Off();
                    default -> {
                        if (text.contains("/")) yield new HostStore.Daemon(paths.apply(text));
                        throw new IllegalArgumentException(
                                "'%s' is not auto, off or the path of a nix-daemon's socket".formatted(text));
                    }
                },
                PlaceKeys::shown);
    }

    private static String shown(HostStore store) {
        return switch (store) {
            case HostStore.Auto() -> "auto";
            case HostStore.Off() -> "off";
            case HostStore.Daemon(var socket) -> socket.toString();
        };
    }
}
