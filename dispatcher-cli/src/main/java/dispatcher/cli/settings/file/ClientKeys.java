package dispatcher.cli.settings.file;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientLimits;
import dispatcher.access.ClientPattern;
import dispatcher.access.ClientRule;
import dispatcher.access.UploadLimits;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.machine.MachineKeys;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.value.Types;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.key.NixPublicKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What clients may do and take, in the table of settings.
final class ClientKeys {
    private static final ClientLimits USUAL = ClientLimits.DEFAULT;

    /// Whose signatures Nix believes if its nix.conf says nothing of them: those of its public cache.
    static final NixPublicKey NIX_CACHE_KEY =
            NixPublicKey.parse("cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=");

    static final Key<Path> AUTHORIZED_KEYS = Key.of("authorizedKeys", Types.path())
            .presetIs("authorized_keys beside the settings file")
            .example("authorized_keys")
            .counts(Effect.RESTART, Settings::authorizedKeys)
            .help("""
                    Public keys of the clients that may come in by SSH, as in OpenSSH's file of that name. Read
                    again when it changes.""");

    static final Key<String> NAME = Key.of("clients[].name", Types.text("name", ClientKeys::name))
            .required("what this rule is called in messages")
            .live("ci")
            .counts(Effect.NEW_CLIENTS)
            .help("In messages.");
    static final Key<Boolean> DEFAULT = Key.of("clients[].default", Types.flag())
            .preset(false)
            .counts(Effect.NEW_CLIENTS)
            .help("""
                    true: this entry, the last one, is for all clients that no entry names, of both kinds; in
                    place of keys and users.""");
    static final Key<ClientPattern> KEYS = Key.list(
                    "clients[].keys", Types.text("fingerprint, public key or comment", ClientPattern::ofKey))
            .live("[\"SHA256:jnUOY26kZyAzkhJB6rDuIEWUzTLSXMxV0ZNnqJwk0NY\", \"*@ci.example.org\"]")
            .counts(Effect.NEW_CLIENTS)
            .help("""
                    Clients that come by SSH: the fingerprint (`ssh-keygen -lf KEY.pub`), the whole public key,
                    or its comment in authorized_keys, in which * stands for any text.""");
    static final Key<ClientPattern.Name> USERS = Key.list("clients[].users", Types.text("user", ClientPattern::ofUser))
            .live("[root]")
            .counts(Effect.NEW_CLIENTS)
            .help("""
                    Clients on this host, by the user that connects to the socket: mostly root, as nix-daemon
                    runs the builds.""");
    static final Key<Boolean> TRUSTED = Key.of("clients[].trusted", Types.flag())
            .preset(true)
            .counts(Effect.NEW_CLIENTS)
            .help("""
                    false: not believed without a proof, as by a nix-daemon without the user in its
                    `trusted-users`.""");
    static final Key<Boolean> ISOLATE = Key.of("clients[].isolate", Types.flag())
            .preset(false)
            .counts(Effect.NEW_CLIENTS)
            .help("""
                    true: it sees nothing of what others have but what anybody can prove: paths that it has
                    uploaded or built itself, that one of trustedPublicKeys has signed, or that follow from
                    their content. Needs `trusted: false`.""");
    static final Key<Integer> PRIORITY = Key.of(
                    "clients[].priority", Types.whole(ClientGrant.LOWEST_PRIORITY, ClientGrant.HIGHEST_PRIORITY))
            .preset(0)
            .live("10")
            .counts(Effect.NEW_CLIENTS)
            .help("Its builds come before those of a lower priority.");
    static final Key<String> SYSTEMS = Key.list("clients[].systems", Types.text("system", ClientKeys::word))
            .presetIs("all")
            .example("[x86_64-linux]")
            .counts(Effect.NEW_CLIENTS)
            .help("What it may build for.");
    static final Key<String> FEATURES = Key.list("clients[].features", Types.text("feature", ClientKeys::word))
            .presetIs("all")
            .example("[big-parallel]")
            .counts(Effect.NEW_CLIENTS)
            .help("What its builds may require; [] for nothing.");
    static final Key<Integer> MAX_BUILDS = Key.of("clients[].maxBuilds", Types.whole(1, Integer.MAX_VALUE))
            .presetIs("any number")
            .live("200")
            .counts(Effect.NEW_CLIENTS)
            .help("Builds it may have running at once.");
    static final Key<Boolean> KEEP_BUILDING = Key.of("clients[].keepBuilding", Types.flag())
            .preset(false)
            .live("true")
            .counts(Effect.NEW_CLIENTS)
            .help("Whether a build goes on when the client that wanted it has left.");

    static final Group CLIENTS = Group.list(
                    "clients",
                    """
                    What each client may do. The first entry that names a client counts; the last one may say
                    what those get that none names, else they are trusted and may do everything. Only keys in
                    authorized_keys come in at all; an entry that names none of these, or no user or system that
                    there is, gives a warning in the log.""",
                    """
                      - name: guests
                        keys: ["*"]
                        trusted: false
                        isolate: true
                        systems: [x86_64-linux]
                        features: []
                      - name: others
                        default: true
                        trusted: false
                    """,
                    NAME,
                    DEFAULT,
                    KEYS,
                    USERS,
                    TRUSTED,
                    ISOLATE,
                    PRIORITY,
                    SYSTEMS,
                    FEATURES,
                    MAX_BUILDS,
                    KEEP_BUILDING)
            .compared(
                    Effect.NEW_CLIENTS,
                    Settings::clients,
                    it -> Stream.concat(
                                    it.clients().rules().stream().map(ClientRule::grant),
                                    Stream.of(it.clients().others()))
                            .map(ClientGrant::rule)
                            .filter(rule -> !rule.equals(ClientGrant.NO_RULE))
                            .collect(Collectors.joining(", ")));

    static final Key<NixPublicKey> TRUSTED_PUBLIC_KEYS = Key.list(
                    "trustedPublicKeys", Types.text("public key", ClientKeys::publicKey))
            .presetIs("the key of cache.nixos.org, as in Nix")
            .live("[\"%s\"]".formatted(NIX_CACHE_KEY))
            .counts(
                    Effect.NEW_CLIENTS,
                    Settings::trustedPublicKeys,
                    it -> it.trustedPublicKeys().stream()
                            .map(NixPublicKey::name)
                            .collect(Collectors.joining(", ")))
            .help("""
                    Whose signatures make up for trust: paths that a client without trust sends are taken if one
                    of these keys has signed them, or if they follow from their content. And what one machine
                    has fetched from its substituters goes on to another machine or to a client only with such a
                    signature; for that, another value counts at once. As in Nix's trusted-public-keys.""");

    static final Key<Integer> CONNECTIONS = Key.of("limits.connections", count())
            .preset(USUAL.connections())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().connections())
            .help("""
                    Connections at once: by SSH, and as many at the local socket. Nix has one connection for
                    each build that it waits for.""");
    static final Key<Integer> CONNECTIONS_PER_ADDRESS = Key.of("limits.connectionsPerAddress", count())
            .preset(USUAL.connectionsPerAddress())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().connectionsPerAddress())
            .help("Of those, from one address; of IPv6, from one network of 64 bits.");
    static final Key<Integer> CONNECTIONS_PER_KEY = Key.of("limits.connectionsPerKey", count())
            .preset(USUAL.connectionsPerKey())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().connectionsPerKey())
            .help("Of those, with one key or by one local user.");
    static final Key<Integer> CHANNELS_PER_CONNECTION = Key.of("limits.channelsPerConnection", count())
            .preset(USUAL.channelsPerConnection())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().channelsPerConnection())
            .help("Conversations at once on one SSH connection, if a client shares one (ControlMaster).");
    static final Key<Integer> LOGGING_IN = Key.of("limits.loggingIn", count())
            .preset(USUAL.loggingIn())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().loggingIn())
            .help("""
                    Connections at once that have not logged in. Where they are too many, one that has had three
                    seconds gives its place to the next, and an address with many of them gives places to
                    others.""");
    static final Key<Integer> LOGGING_IN_PER_ADDRESS = Key.of("limits.loggingInPerAddress", count())
            .preset(USUAL.loggingInPerAddress())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().loggingInPerAddress())
            .help("Of those, from one address or by one local user.");
    static final Key<Duration> LOGIN_TIME = Key.of("limits.loginTime", Types.duration())
            .preset(USUAL.loginTime())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().loginTime())
            .help("How long each may take to log in.");
    static final Key<Integer> FAILED_LOGINS = Key.of("limits.failedLogins", count())
            .preset(USUAL.failedLogins())
            .counts(Effect.NEW_CLIENTS, it -> it.limits().failedLogins())
            .help("""
                    Logins that fail from one address in a short time (a key that is not known here, or none
                    shown at all), before only a twentieth of loggingInPerAddress may log in from there at once;
                    one is forgotten each five seconds. A good key gets in all the same.""");

    /// From the inputs of a build of a thousand paths on.
    static final Key<ByteSize> REQUEST_SIZE = Key.of(
                    "limits.requestSize", Types.size(ByteSize.parse("1MiB"), ByteSize.parse("1GiB")))
            .preset(new ByteSize(USUAL.requestBytes()))
            .counts(Effect.NEW_CLIENTS, it -> new ByteSize(it.limits().requestBytes()))
            .help("One request, without the files that come with it.");

    static final Key<Integer> REQUESTS_PER_SECOND = Key.of("limits.requestsPerSecond", count())
            .preset(USUAL.requestsPerSecond())
            .counts(Effect.AT_ONCE, it -> it.limits().requestsPerSecond())
            .help("With one key or by one local user. What is more waits.");
    static final Key<ByteSize> LOG_SIZE = Key.of(
                    "limits.logSize", Types.sizeAboveZero(_ -> "a build that may not write a log cannot be built"))
            .preset(new ByteSize(USUAL.logBytes()))
            .counts(Effect.NEW_CLIENTS, it -> new ByteSize(it.limits().logBytes()))
            .help("Of one build. A client may ask for less.");
    static final Key<Integer> SPOOL_SHARE = Key.of("limits.spoolShare", Types.whole(1, 100))
            .preset(UploadLimits.DEFAULT.spoolShare())
            .counts(Effect.NEW_CLIENTS, it -> it.uploads().spoolShare())
            .help("""
                    Percent of the spool that one client (a key or a local user) gets while others want room:
                    for uploads under way and what its builds need, and before paths of others go for it. What
                    nobody wants it may have too.""");
    static final Key<Duration> UPLOAD_PAUSE = Key.of("limits.uploadPause", Types.duration())
            .preset(UploadLimits.DEFAULT.pause())
            .counts(Effect.NEW_CLIENTS, it -> it.uploads().pause())
            .help(
                    "How long a client may send nothing in the middle of a request or an upload before its connection ends.");

    static final Group LIMITS = Group.of(
            "limits",
            """
            How much clients may take of what all share. The reason for a refusal goes to the client, and into
            the log once for each client and some minutes.""",
            CONNECTIONS,
            CONNECTIONS_PER_ADDRESS,
            CONNECTIONS_PER_KEY,
            CHANNELS_PER_CONNECTION,
            LOGGING_IN,
            LOGGING_IN_PER_ADDRESS,
            LOGIN_TIME,
            FAILED_LOGINS,
            REQUEST_SIZE,
            REQUESTS_PER_SECOND,
            LOG_SIZE,
            SPOOL_SHARE,
            UPLOAD_PAUSE);

    private ClientKeys() {}

    private static Type<Integer> count() {
        return Types.whole(1, 1_000_000);
    }

    private static NixPublicKey publicKey(String text) {
        try {
            return NixPublicKey.parse(text);
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static String name(String text) {
        if (!text.matches("[A-Za-z0-9._-]+"))
            throw new IllegalArgumentException("'%s' is no name; use letters, digits and . _ -".formatted(text));
        return text;
    }

    /// A system or a feature. That all are allowed is said otherwise.
    private static String word(String text) {
        if (text.contains("*"))
            throw new IllegalArgumentException(
                    "'%s' stands for itself here; leave the key away to allow all, or name each".formatted(text));
        return MachineKeys.item(text);
    }
}
