package dispatcher.cli.settings;

import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import dispatcher.access.UploadLimits;
import dispatcher.build.Stragglers;
import dispatcher.build.request.ResourceRules;
import dispatcher.cli.decline.DeclineRules;
import dispatcher.cli.otlp.OtlpRules;
import dispatcher.cli.publish.PublishRules;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.machine.Machine;
import dispatcher.machine.Pressure;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.policy.SchedulerOptions;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What the settings file says, checked and complete: defaults filled in, paths absolute.
///
/// `config/dispatcher.example.yaml` explains each key.
///
/// @param file           where it was read
/// @param listen         where clients come in
/// @param decline        when those of this host are to build themselves
/// @param publish        what is done with outputs of builds that went well
/// @param otlp           where traces of builds go
/// @param authorizedKeys public keys of the clients that may come in over SSH, as for OpenSSH; may not exist yet
/// @param clients        what each client may do
/// @param trustedPublicKeys whose signatures a client without trust needs on what it sends, and a machine on what it
///                          passes on without having built it or got it through us
/// @param limits         how much clients may take
/// @param uploads        how much of that their uploads may take
/// @param hostKey        private key of our SSH server; made at the first start if it does not exist
/// @param secretKeyFile  what outputs are signed with, if they are
/// @param state          directory for what must outlive the program
/// @param spool          store paths on our own disk
/// @param records        which records of builds are kept
/// @param hostStore      whether the store of this host is read in place
/// @param machines       the fleet; not empty, names unique
/// @param schedule       how builds take their turns
/// @param trace          where what clients ask for and what it takes is recorded, if it is
/// @param pressureLimits what a machine must have left to get more builds
/// @param stragglers     builds that may be begun a second time while they run
/// @param resources      what builds take of machines
/// @param maxAttempts    machines that a build is given to, one after another, before it counts as lost; at
///                       least 1
/// @param uplink         bytes per second that are sent to all machines together; without it as many as go
/// @param timeouts       limits on what a machine may take
/// @param buildLimits    what a build may take whose client sets no limits
/// @param ssh            how connections to machines are kept
/// @param files          what was read for all this: the settings file, and those that it names
/// @param warnings       what is allowed and probably not meant, each with file and line
/// @param notUsed        what is wrong with machines of a machines file that are left out for it
public record Settings(
        Path file,
        Listen listen,
        DeclineRules decline,
        PublishRules publish,
        OtlpRules otlp,
        Path authorizedKeys,
        ClientRules clients,
        List<NixPublicKey> trustedPublicKeys,
        ClientLimits limits,
        UploadLimits uploads,
        Path hostKey,
        Optional<Path> secretKeyFile,
        Path state,
        Spool spool,
        BuildRecorder.Limits records,
        HostStore hostStore,
        List<Machine> machines,
        SchedulerOptions schedule,
        Optional<Path> trace,
        Pressure.Limits pressureLimits,
        Stragglers stragglers,
        ResourceRules resources,
        int maxAttempts,
        Optional<ByteSize> uplink,
        Timeouts timeouts,
        BuildLimits buildLimits,
        Ssh ssh,
        List<Path> files,
        List<Fault> warnings,
        List<Fault> notUsed) {

    public Settings {
        trustedPublicKeys = List.copyOf(trustedPublicKeys);
        machines = List.copyOf(machines);
        files = List.copyOf(files);
        warnings = List.copyOf(warnings);
        notUsed = List.copyOf(notUsed);
    }

    /// Whether there is a settings file; if not, this is what counts without one.
    public boolean isWritten() {
        return files.contains(file);
    }

    /// All that is to be reported when they are put in force: what is not used, and the warnings.
    public List<Fault> remarks() {
        return Stream.concat(notUsed.stream().map(Fault::ofUnused), warnings.stream())
                .toList();
    }

    /// Where commands reach the running dispatcher.
    public Path controlSocket() {
        return controlSocket(state);
    }

    /// The same of a dispatcher that has its state in some directory.
    public static Path controlSocket(Path state) {
        return state.resolve("control.sock");
    }

    /// The same with other limits.
    public Settings withTimeouts(Timeouts newTimeouts) {
        return new Settings(
                file,
                listen,
                decline,
                publish,
                otlp,
                authorizedKeys,
                clients,
                trustedPublicKeys,
                limits,
                uploads,
                hostKey,
                secretKeyFile,
                state,
                spool,
                records,
                hostStore,
                machines,
                schedule,
                trace,
                pressureLimits,
                stragglers,
                resources,
                maxAttempts,
                uplink,
                newTimeouts,
                buildLimits,
                ssh,
                files,
                warnings,
                notUsed);
    }

    /// The same, but for what only a start can put in force, which is as in `running`.
    public Settings withStartOf(Settings running) {
        return new Settings(
                file,
                running.listen,
                decline,
                publish,
                running.otlp,
                running.authorizedKeys,
                clients,
                trustedPublicKeys,
                limits,
                uploads,
                running.hostKey,
                running.secretKeyFile,
                running.state,
                running.spool,
                records,
                running.hostStore,
                machines,
                schedule,
                running.trace,
                pressureLimits,
                stragglers,
                resources,
                maxAttempts,
                uplink,
                timeouts,
                buildLimits,
                ssh.withMaxStarting(running.ssh.maxStarting),
                files,
                warnings,
                notUsed);
    }

    /// @param socket unix socket for the clients on this host
    /// @param ssh    for clients on other hosts
    /// @param web    for people
    /// @param page   who may use that
    public record Listen(Optional<Path> socket, Optional<HostAndPort> ssh, Optional<HostAndPort> web, Web page) {}

    /// Who may use the page.
    ///
    /// @param tokenFile  what lets people act there; if it is not on a loopback address, look too
    /// @param userHeader by which a reverse proxy says who asks
    /// @param proxies    addresses of the proxies that are believed
    /// @param hosts      further names by which browsers ask for it, in small letters
    public record Web(
            Optional<Path> tokenFile, Optional<String> userHeader, List<InetAddress> proxies, List<String> hosts) {
        public static final Web DEFAULT = new Web(
                Optional.empty(),
                Optional.empty(),
                List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1")),
                List.of());

        public Web {
            proxies = List.copyOf(proxies);
            hosts = List.copyOf(hosts);
        }

        /// Whether only this host reaches what listens there.
        public static boolean isLoopback(HostAndPort address) {
            return isLoopback(address.host());
        }

        /// The same for a name or an address; no name is looked up.
        public static boolean isLoopback(String host) {
            if (host.equalsIgnoreCase("localhost")) return true;
            try {
                return InetAddress.ofLiteral(host).isLoopbackAddress();
            } catch (IllegalArgumentException e) {
                return false;
            }
        }
    }

    /// @param size bound on the sum of all that is kept; what was used least recently goes first
    public record Spool(Path path, ByteSize size) {}

    /// Whether inputs that are valid in the store of this host are read from there.
    public sealed interface HostStore {
        /// If a nix-daemon answers at its usual socket.
        record Auto() implements HostStore {}

        record Off() implements HostStore {}

        /// The nix-daemon that listens at `socket`.
        record Daemon(Path socket) implements HostStore {}
    }

    /// @param connect     until a machine's port answers
    /// @param handshake   for the SSH login, and again for the greeting of the protocol
    /// @param silence     without any byte from a machine, not even an answer to a keep-alive, after which it is
    ///                    lost
    /// @param reply       for Nix on a machine to answer a question, and what else `ReplyDeadline` measures by it
    /// @param answer      for a sign of life of a machine that a build is about to go to
    /// @param unavailable how long a build waits while all its machines are set aside
    /// @param drain       how long builds may go on when the dispatcher is asked to stop
    public record Timeouts(
            Duration connect,
            Duration handshake,
            Duration silence,
            Duration reply,
            Duration answer,
            Duration unavailable,
            Duration drain) {
        /// The same with this limit for each step of getting through to a machine.
        public Timeouts withLogin(Duration limit) {
            return new Timeouts(limit, limit, silence, reply, answer, unavailable, drain);
        }
    }

    /// Zero is no limit.
    ///
    /// @param timeout   for the whole build
    /// @param maxSilent without a line of its log
    /// @param maxLog    size of the log
    public record BuildLimits(Duration timeout, Duration maxSilent, ByteSize maxLog) {}

    /// @param maxSessions channels on one connection; must not exceed `MaxSessions` of the machines' sshd
    /// @param maxStarting logins under way at one machine at once
    /// @param keepAlive   pause between two keep-alives
    /// @param idle        an unused connection is closed after this long
    /// @param maxAge      a connection gets no new work after this long
    /// @param knownHosts  files with the host keys of machines without `publicHostKey`; a missing one
    ///                    counts as empty
    /// @param config      files like ssh_config for machines that name none
    public record Ssh(
            int maxSessions,
            int maxStarting,
            Duration keepAlive,
            Duration idle,
            Duration maxAge,
            List<Path> knownHosts,
            List<Path> config) {
        public Ssh {
            knownHosts = List.copyOf(knownHosts);
            config = List.copyOf(config);
        }

        Ssh withMaxStarting(int logins) {
            return new Ssh(maxSessions, logins, keepAlive, idle, maxAge, knownHosts, config);
        }
    }
}
