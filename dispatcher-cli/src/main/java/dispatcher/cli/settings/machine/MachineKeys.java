package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.value.Amounts;
import dispatcher.cli.settings.value.ConfigChoice;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Shape;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.value.Types;
import dispatcher.machine.Choice;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.PublicHostKey;
import dispatcher.machine.RemoteNix;
import dispatcher.machine.file.StoreUri;
import dispatcher.nix.NixSyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/// The machines, in the table of settings. Keys and defaults are those of NixOS' `nix.buildMachines`, so that an
/// entry pasted from there means the same here; `name`, `port`, `remoteProgram`, `remoteStore`, `compress`,
/// `substitute`, `socket` and `resources` are ours.
public final class MachineKeys {
    /// Of `hostName`, if `protocol` is null.
    static final Type<StoreUri> STORE_URI = Types.text("store URI", MachineKeys::storeUri);

    public static final Key<String> HOST_NAME = Key.of("machines[].hostName", Types.text("host", MachineKeys::host))
            .required("name or address of the machine")
            .live("arm-1.example.org")
            .counts(Effect.AT_ONCE)
            .help("Name or address.");
    public static final Key<String> NAME = Key.of("machines[].name", Types.text("word", MachineKeys::name))
            .presetIs("hostName")
            .live("arm-1")
            .counts(Effect.AT_ONCE)
            .help("Shown everywhere; unique.");
    static final Key<Integer> PORT = Key.of("machines[].port", Types.whole(1, 65_535))
            .preset(22)
            .live("22")
            .counts(Effect.AT_ONCE)
            .help("Of the machine's sshd.");
    static final Key<String> SYSTEM = Key.of("machines[].system", Types.text("system", MachineKeys::system))
            .presetIs("none; `systems` counts, else the machine is asked")
            .example("aarch64-linux")
            .counts(Effect.AT_ONCE)
            .help("What it builds for, if that is one system.");
    static final Key<String> SYSTEMS = Key.list("machines[].systems", Types.text("system", MachineKeys::system))
            .live("[aarch64-linux, armv7l-linux]")
            .counts(Effect.AT_ONCE)
            .help("""
                    What it builds for, if there are several. `system` counts if both are there. An entry with
                    neither describes itself: the machine is asked over its connection for these, its features,
                    processors (maxJobs) and memory, as far as the entry does not say them, and gets no builds
                    before it has answered. `dispatcher machines` shows what it said.""");
    static final Key<MachineProtocol> PROTOCOL = Key.of("machines[].protocol", protocol())
            .preset(MachineProtocol.SSH)
            .live(MachineProtocol.SSH_NG.scheme())
            .counts(Effect.AT_ONCE)
            .help("""
                    ssh-ng: the worker protocol, by `nix-daemon --stdio`. ssh, the default of NixOS too: the
                    older serve protocol, by `nix-store --serve --write`. ssh-ng shows more and copes better
                    with big builds: prefer it. With null, hostName is a whole store URI, as in NixOS. local: this
                    very host, by its Nix daemon's socket; hostName is then its name only, and it gets no builds
                    of clients on this host, whose Nix would wait for itself.""");
    static final Key<Path> SOCKET = Key.of("machines[].socket", Types.path())
            .presetIs("/nix/var/nix/daemon-socket/socket")
            .example("/srv/box/nix/var/nix/daemon-socket/socket")
            .counts(Effect.AT_ONCE)
            .help("Of the Nix daemon of this host, with `protocol: local`.");
    static final Key<String> SSH_USER = Key.of("machines[].sshUser", Types.text("word", MachineKeys::word))
            .presetIs("the user that runs the dispatcher")
            .live("nix")
            .counts(Effect.AT_ONCE)
            .help("Must be among the machine's `trusted-users` for ssh-ng.");
    static final Key<List<String>> REMOTE_PROGRAM = Key.of(
                    "machines[].remoteProgram", Types.text("command", RemoteNix::program))
            .presetIs("nix-daemon for ssh-ng, nix-store for ssh")
            .example("sudo -n /opt/nix/bin/nix-daemon")
            .counts(Effect.AT_ONCE)
            .help("""
                    What is run there, if it is not on the path of a login that is not interactive, or needs
                    sudo: words as in Nix's remote-program, without quotes.""");
    static final Key<String> REMOTE_STORE = Key.of("machines[].remoteStore", remoteStore())
            .preset("auto")
            .counts(Effect.AT_ONCE)
            .help("The machine's own store, the only one: all three words mean it.");
    static final Key<Path> SSH_KEY = Key.of("machines[].sshKey", Types.path())
            .presetIs("the usual keys in ~/.ssh, and none if the host asks for none")
            .live("/etc/dispatcher/id_ed25519")
            .counts(Effect.AT_ONCE)
            .help("""
                    File of the private key. As ssh does, we refuse one of our own that others may read or write
                    (0600 is right); one that another user owns need only be readable: /run/secrets/NAME, or
                    /run/credentials/dispatcher.service/NAME, where systemd's LoadCredential=NAME:/path puts it.
                    A certificate beside it (NAME-cert.pub) is shown too. A public key (NAME.pub) is looked for in
                    the agent of SSH_AUTH_SOCK.""");
    static final Key<Path> SSH_KEY_PASSPHRASE_FILE = Key.of("machines[].sshKeyPassphraseFile", Types.path())
            .presetIs("none; the key is not encrypted, or an agent has it")
            .example("/run/credentials/dispatcher.service/arm-1-passphrase")
            .counts(Effect.AT_ONCE)
            .help(
                    "File of the passphrase that the private key is encrypted with. The same holds for its owner and mode.");
    static final Key<ConfigChoice> SSH_CONFIG = Key.of("machines[].sshConfig", ConfigChoice.TYPE)
            .presetIs("as `ssh.config` says")
            .example("no")
            .counts(Effect.AT_ONCE)
            .help("Whether ssh_config counts for this machine, or which file of that form. What this entry says wins.");
    static final Key<String> DIALS_IN = Key.of("machines[].dialsIn", Types.text("public key", MachineKeys::dialInKey))
            .presetIs("none; we connect to the machine")
            .example("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA…")
            .counts(Effect.AT_ONCE)
            .help("""
                    For a machine that cannot be reached from here: the public key with which it connects to
                    `listen.ssh` and opens a reverse forward to its own sshd, and may do nothing else.
                    `dispatcher machine unit NAME` prints the unit for it. hostName is then a name only.""");
    static final Key<String> PUBLIC_HOST_KEY = Key.of(
                    "machines[].publicHostKey", Types.text("public key", MachineKeys::hostKeys))
            .presetIs("the known_hosts files decide")
            .example("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA…")
            .counts(Effect.AT_ONCE)
            .help("""
                    The host key: the machine's /etc/ssh/ssh_host_ed25519_key.pub, or the base 64 of it as in
                    NixOS; several lines for several keys, of which any is a proof. A host that is not known is
                    refused, and so is a key that those files revoke. A certificate of the host counts if they have
                    an `@cert-authority` line for it.""");
    static final Key<Integer> MAX_JOBS = Key.of("machines[].maxJobs", Types.whole(0, Integer.MAX_VALUE))
            .preset(1)
            .live("8")
            .counts(Effect.AT_ONCE)
            .help("""
                    Builds at once; 0 takes the machine out of use. Without it, a machine that describes itself
                    has as many as processors.""");
    static final Key<Double> SPEED_FACTOR = Key.of("machines[].speedFactor", speedFactor())
            .preset(1.0)
            .live("2")
            .counts(Effect.AT_ONCE)
            .help("Relative to the other machines.");
    static final Key<String> SUPPORTED_FEATURES = Key.list(
                    "machines[].supportedFeatures", Types.text("feature", MachineKeys::item))
            .live("[big-parallel, kvm]")
            .counts(Effect.AT_ONCE)
            .help("What a derivation may require of it.");
    static final Key<String> MANDATORY_FEATURES = Key.list(
                    "machines[].mandatoryFeatures", Types.text("feature", MachineKeys::item))
            .live("[]")
            .counts(Effect.AT_ONCE)
            .help("What a derivation must require to be built there.");
    static final Key<Choice> COMPRESS = Key.of("machines[].compress", choice())
            .preset(Choice.AUTO)
            .counts(Effect.AT_ONCE)
            .help("""
                    Whether what goes there and comes from there is compressed on the way. auto: not before
                    uploads have proved that it is the link, not the machine, that takes less than 12.5 MB/s,
                    and no longer than it is the link that is waited for.""");
    static final Key<Choice> SUBSTITUTE = Key.of("machines[].substitute", choice())
            .preset(Choice.AUTO)
            .counts(Effect.AT_ONCE)
            .help("""
                    Whether the machine fetches inputs from its own substituters, as far as they have them,
                    instead of getting them from us. auto: if the client says so (builders-use-substitutes =
                    true in its nix.conf).""");
    static final Key<Long> RESOURCES = Key.of("machines[].resources", Amounts.TYPE)
            .presetIs("none; a machine that declares no memory is taken to have enough")
            .example("{memory: 64GiB, gpu: 2}")
            .counts(Effect.AT_ONCE)
            .help("""
                    What builds share on this machine beside its slots: memory, and anything else by count.""");

    public static final Group MACHINES = Group.list(
            "machines",
            "The machines. An entry has the attributes of NixOS' nix.buildMachines, with the same defaults, and some of ours."
                    + " Files in machines.d, beside this one, hold further entries: one each, or a list.",
            """
              - hostName: 10.0.0.7
                name: x86
                system: x86_64-linux
                protocol: ssh-ng
                maxJobs: 16
            """,
            HOST_NAME,
            NAME,
            PORT,
            SYSTEM,
            SYSTEMS,
            PROTOCOL,
            SOCKET,
            SSH_USER,
            REMOTE_PROGRAM,
            REMOTE_STORE,
            SSH_KEY,
            SSH_KEY_PASSPHRASE_FILE,
            PUBLIC_HOST_KEY,
            SSH_CONFIG,
            DIALS_IN,
            MAX_JOBS,
            SPEED_FACTOR,
            SUPPORTED_FEATURES,
            MANDATORY_FEATURES,
            COMPRESS,
            SUBSTITUTE,
            RESOURCES,
            OnDemandKeys.ON_DEMAND,
            PoolKeys.POOL);

    public static final Key<String> MACHINES_FILE = Key.of("machinesFile", Types.text())
            .example("""
                    /etc/nix/machines
                    machinesFile: |
                      ssh-ng://nix@arm-2 aarch64-linux - 4 1 big-parallel""")
            .counts(Effect.AT_ONCE)
            .help("""
                    Further machines, in the format of /etc/nix/machines, or in Lix's TOML: a path, or the
                    entries themselves. A line with a fault takes only its own machine out of use: the log names
                    it at the start and at each reload, and so does `dispatcher ping`.""");

    private MachineKeys() {}

    private static Type<MachineProtocol> protocol() {
        var protocols = Arrays.asList(MachineProtocol.values());
        return Types.word(
                protocols.stream().map(MachineProtocol::scheme).toList(),
                MachineProtocol::scheme,
                text -> protocols.stream()
                        .filter(candidate -> candidate.scheme().equals(text))
                        .findFirst());
    }

    private static Type<Choice> choice() {
        return Types.word(Choice.words(), Choice::word, Choice::of);
    }

    private static Type<String> remoteStore() {
        var words = RemoteNix.OWN_STORES.stream()
                .filter(word -> !word.isEmpty())
                .sorted()
                .toList();
        return Type.of(String.join(", ", words), new Shape.Words(words), text -> {
            if (RemoteNix.OWN_STORES.contains(text)) return text;
            throw new IllegalArgumentException(
                    "'%s' is another store on the machine than its own, and only auto, daemon and local mean that"
                            .formatted(text));
        });
    }

    private static StoreUri storeUri(String text) {
        var uri = readable(StoreUri::parse).apply(text);
        if (!uri.parameters().isEmpty())
            throw new IllegalArgumentException(
                    "'%s' has parameters; write them as keys of the entry, such as sshKey".formatted(text));
        return uri;
    }

    private static String host(String text) {
        var bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        if (StoreUri.isHost(bare)) return bare;
        var advice = text.contains("://")
                ? "; the scheme goes into `protocol`"
                : text.contains("@")
                        ? "; the user goes into `sshUser`"
                        : text.matches("[^:]+:\\d+") ? "; the port goes into `port`" : "";
        throw new IllegalArgumentException("'%s' is no host name or address%s".formatted(text, advice));
    }

    private static String system(String text) {
        if (text.contains(","))
            throw new IllegalArgumentException("'%s' is several; list them in systems".formatted(text));
        return word(text);
    }

    /// A system or a feature in a list.
    public static String item(String text) {
        if (text.contains(",")) throw new IllegalArgumentException("'%s' is several; write [a, b]".formatted(text));
        return word(text);
    }

    private static String word(String text) {
        if (!text.matches("[^\\s\\p{Cntrl}]+"))
            throw new IllegalArgumentException("'%s' has blanks in it".formatted(text));
        return text;
    }

    private static String name(String text) {
        if (text.startsWith("-")) throw new IllegalArgumentException("'%s' begins with -".formatted(text));
        return word(text);
    }

    private static Type<Double> speedFactor() {
        return Type.of("number above 0", new Shape.Above(0), text -> {
                    if (!text.matches("\\d{1,9}(\\.\\d{1,9})?") || Double.parseDouble(text) == 0)
                        throw new IllegalArgumentException("'%s' is not a number above 0".formatted(text));
                    return Double.parseDouble(text);
                })
                .shownBy(Types::plain);
    }

    private static String dialInKey(String text) {
        var lines = PublicHostKey.lines(readable(PublicHostKey::parseAll).apply(text));
        if (lines.contains("\n")) throw new IllegalArgumentException("a machine dials in by one key");
        return lines;
    }

    private static String hostKeys(String text) {
        return PublicHostKey.lines(readable(PublicHostKey::parseAll).apply(text));
    }

    /// A parser of core that throws what a [Type] may throw.
    private static <T> Function<String, T> readable(Function<String, T> parser) {
        return text -> {
            try {
                return parser.apply(text);
            } catch (NixSyntaxException e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
        };
    }
}
