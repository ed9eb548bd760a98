package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.ConfigChoice;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Types;
import java.nio.file.Path;
import java.time.Duration;

/// How machines are reached and how long they may take, in the table of settings.
final class ConnectionKeys {
    static final Key<ByteSize> UPLINK = Key.of("uplink", Types.rate())
            .presetIs("as many as go")
            .example("20MiB/s")
            .counts(Effect.NEW_CONNECTIONS, Settings::uplink)
            .help("""
                    Bytes per second that are sent to all machines together, before compression; machines that
                    are sent to at the same time get the same, however many builds they have.""");

    static final Key<Duration> CONNECT = Key.of("timeouts.connect", Types.duration())
            .preset(Duration.ofSeconds(10))
            .counts(Effect.NEW_CONNECTIONS, it -> it.timeouts().connect())
            .help("Until a machine's port answers.");
    static final Key<Duration> HANDSHAKE = Key.of("timeouts.handshake", Types.duration())
            .preset(Duration.ofSeconds(30))
            .counts(Effect.NEW_CONNECTIONS, it -> it.timeouts().handshake())
            .help("For the SSH login, and again for the greeting of the protocol.");
    static final Key<Duration> SILENT_CONNECTION = Key.of("timeouts.silentConnection", Types.duration())
            .preset(Duration.ofSeconds(30))
            .formerly("silence")
            .counts(Effect.NEW_CONNECTIONS, it -> it.timeouts().silence())
            .help("""
                    A connection on which nothing at all has come for this long, not even the answer to a
                    keep-alive, counts as broken.""");
    static final Key<Duration> NIX_REPLY = Key.of("timeouts.nixReply", Types.duration())
            .preset(Duration.ofMinutes(2))
            .formerly("reply")
            .counts(Effect.NEW_CONNECTIONS, it -> it.timeouts().reply())
            .help("""
                    For Nix on a machine to answer a question, such as which paths it has: one that is alive and
                    says nothing is left, and its build goes elsewhere. Copying must make progress in that time.
                    Builds may take, and be silent, as long as their clients allow; what a machine fetches from
                    its substituters may take thirty times as long.""");
    static final Key<Duration> CHECK_BEFORE_BUILD = Key.of("timeouts.checkBeforeBuild", Types.duration())
            .preset(Duration.ofSeconds(2))
            .formerly("answer")
            .counts(Effect.NEW_BUILDS, it -> it.timeouts().answer())
            .help("""
                    A machine that a build is about to go to must give some sign of life within this time, else
                    the build goes elsewhere and the machine is set aside. It is then looked at after 1 s, later
                    less often, and used again once it works.""");
    static final Key<Duration> WAIT_FOR_MACHINE = Key.of("timeouts.waitForMachine", Types.duration())
            .preset(Duration.ofMinutes(1))
            .formerly("unavailable")
            .counts(Effect.NEW_BUILDS, it -> it.timeouts().unavailable())
            .help("""
                    How long builds wait while all machines that fit them are set aside, before they fail with
                    an error that says so.""");
    static final Key<Duration> DRAIN = Key.of("timeouts.drain", Types.duration())
            .preset(Duration.ofMinutes(10))
            .counts(Effect.NEW_BUILDS, it -> it.timeouts().drain())
            .help("""
                    How long builds that run may go on when the dispatcher is asked to stop (SIGTERM). New ones
                    are refused meanwhile; a second SIGTERM ends it at once.""");
    static final Group TIMEOUTS = Group.of(
            "timeouts",
            "How long machines may take, and builds may wait for them.",
            CONNECT,
            HANDSHAKE,
            SILENT_CONNECTION,
            NIX_REPLY,
            CHECK_BEFORE_BUILD,
            WAIT_FOR_MACHINE,
            DRAIN);

    static final Key<Integer> MAX_SESSIONS = Key.of("ssh.maxSessions", Types.whole(1, 1000))
            .preset(10)
            .counts(Effect.NEW_CONNECTIONS, it -> it.ssh().maxSessions())
            .help("""
                    Channels on one connection. Not more than MaxSessions in the machines' sshd_config (10 by
                    default).""");
    static final Key<Integer> MAX_STARTING = Key.of("ssh.maxStarting", Types.whole(1, 1000))
            .preset(2)
            .counts(Effect.RESTART, it -> it.ssh().maxStarting())
            .help("Logins under way at one machine at once. sshd drops some beyond MaxStartups (10 by default).");
    static final Key<Duration> KEEP_ALIVE = Key.of("ssh.keepAlive", Types.duration())
            .preset(Duration.ofSeconds(10))
            .counts(Effect.NEW_CONNECTIONS, it -> it.ssh().keepAlive())
            .help("How often a connection is asked for a sign of life.");
    static final Key<Duration> IDLE = Key.of("ssh.idle", Types.duration())
            .preset(Duration.ofMinutes(2))
            .counts(Effect.NEW_CONNECTIONS, it -> it.ssh().idle())
            .help("A connection without use is closed after this long.");
    static final Key<Duration> MAX_AGE = Key.of("ssh.maxAge", Types.duration())
            .preset(Duration.ofHours(1))
            .counts(Effect.NEW_CONNECTIONS, it -> it.ssh().maxAge())
            .help("A connection gets no new work after this long.");
    static final Key<Path> KNOWN_HOSTS = Key.list("ssh.knownHosts", Types.path())
            .presetIs("~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts")
            .example("[~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts]")
            .counts(Effect.NEW_CONNECTIONS, it -> it.ssh().knownHosts())
            .help("Where host keys are looked up; files that do not exist count as empty.");
    static final Key<ConfigChoice> SSH_CONFIG = Key.of("ssh.config", ConfigChoice.TYPE)
            .preset(new ConfigChoice.Usual())
            .counts(Effect.NEW_CONNECTIONS, it -> it.ssh().config())
            .help("""
                    Whether ssh_config decides what machines' entries leave open: the host behind an alias, port,
                    user, keys, HostKeyAlias, and hosts to go through (ProxyJump). yes: ~/.ssh/config of the user
                    that runs the dispatcher, then /etc/ssh/ssh_config; a path: that file; no: none.""");
    static final Group SSH = Group.of(
            "ssh",
            "How connections to machines are kept.",
            MAX_SESSIONS,
            MAX_STARTING,
            KEEP_ALIVE,
            IDLE,
            MAX_AGE,
            KNOWN_HOSTS,
            SSH_CONFIG);

    private ConnectionKeys() {}
}
