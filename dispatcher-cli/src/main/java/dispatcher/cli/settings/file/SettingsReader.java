package dispatcher.cli.settings.file;

import dispatcher.access.ClientLimits;
import dispatcher.access.UploadLimits;
import dispatcher.build.Stragglers;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.Settings.BuildLimits;
import dispatcher.cli.settings.Settings.Listen;
import dispatcher.cli.settings.Settings.Spool;
import dispatcher.cli.settings.Settings.Ssh;
import dispatcher.cli.settings.Settings.Timeouts;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.yaml.Faults;
import dispatcher.cli.settings.yaml.LocatedYaml;
import dispatcher.cli.settings.yaml.Node;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.machine.Pressure;
import dispatcher.machine.file.MachinesFile;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.wire.socket.UnixSocketChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Binds the text of one settings file to [Settings]. Confined to one thread, used once.
final class SettingsReader {
    private final Path file;
    private final boolean written;
    private final Path base;
    private final Surroundings surroundings;
    private final Faults faults;
    private final FleetReader fleet;

    /// @param file absolute
    SettingsReader(Path file, Surroundings surroundings) {
        this(file, shown(file, surroundings.directory()), surroundings, List.of());
    }

    /// @param name   of the file in faults
    /// @param joined machines that were added at run time
    SettingsReader(Path file, String name, Surroundings surroundings, List<MachinesFile.Source> joined) {
        this(file, true, name, surroundings, joined);
    }

    /// Of what counts where there is no file.
    ///
    /// @param file where it would be
    static SettingsReader withoutFile(
            Path file, String name, Surroundings surroundings, List<MachinesFile.Source> joined) {
        return new SettingsReader(file, false, name, surroundings, joined);
    }

    private SettingsReader(
            Path file, boolean written, String name, Surroundings surroundings, List<MachinesFile.Source> joined) {
        this.file = file;
        this.written = written;
        this.base = Optional.ofNullable(file.getParent()).orElse(file);
        this.surroundings = surroundings;
        this.faults = new Faults(name);
        this.fleet = new FleetReader(base, surroundings, faults, joined);
    }

    /// Relative where that is shorter and no less clear.
    private static String shown(Path file, Path directory) {
        return file.startsWith(directory) ? directory.relativize(file).toString() : file.toString();
    }

    /// @throws SettingsException with all faults up to [Faults#MOST_FAULTS], if there are any
    Settings read(String text) {
        try {
            var settings = LocatedYaml.read(text, faults).map(root -> {
                try (var top = Section.top(root, SettingsTable.TOP, this::path, faults)) {
                    return bind(top);
                }
            });
            if (settings.isPresent() && faults.isEmpty()) return settings.get();
            throw new SettingsException(faults.file(), faults.sorted(), files());
        } catch (Faults.TooManyException more) {
            throw new SettingsException(faults.file(), faults.sorted(), files(), more);
        }
    }

    /// Only the directory for state; nothing if one has to read all of the text to know.
    Optional<Path> state(String text) {
        return LocatedYaml.topmost(text, PlaceKeys.STATE_NAME).flatMap(this::state);
    }

    private Optional<Path> state(Node value) {
        try {
            return switch (value) {
                case Node.Null _ -> Optional.of(Path.of(PlaceKeys.STATE_PRESET));
                case Node.Scalar scalar -> Optional.of(path(scalar.text()));
                default -> Optional.empty();
            };
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private List<Path> files() {
        var files = new ArrayList<Path>();
        if (written) files.add(file);
        files.addAll(fleet.files());
        return files;
    }

    private Settings bind(Section top) {
        var state = top.value(PlaceKeys.STATE);
        var places = top.read(PlaceKeys.LISTEN, SettingsReader::listen);
        var page = top.read(WebKeys.WEB, section -> WebKeys.read(section, places.web()));
        var listen = new Listen(places.socket(), places.ssh(), places.web(), page);
        var schedule = top.read(BuildKeys.SCHEDULE, SettingsReader::schedule);
        var limits = top.read(ClientKeys.LIMITS, SettingsReader::limits);
        var authorizedKeys = top.get(ClientKeys.AUTHORIZED_KEYS).orElse(base.resolve("authorized_keys"));
        var ssh = top.read(ConnectionKeys.SSH, this::ssh);
        var machines = fleet.read(top, ssh.config());
        if (listen.ssh().isEmpty()) fleet.warnOfDialIns();
        var clientWarnings = new ClientWarnings(faults.file(), listen, machines, authorizedKeys);
        return new Settings(
                file,
                listen,
                top.read(DeclineKeys.DECLINE, DeclineKeys::read),
                top.read(
                        PublishKeys.PUBLISH,
                        section -> PublishKeys.read(section, listen.socket().isPresent())),
                top.read(OtlpKeys.OTLP, OtlpKeys::read),
                authorizedKeys,
                new ClientsReader(clientWarnings).read(top),
                trustedPublicKeys(top),
                limits.clients(),
                limits.uploads(),
                top.get(PlaceKeys.HOST_KEY).orElse(state.resolve("ssh_host_ed25519_key")),
                top.get(PlaceKeys.SECRET_KEY_FILE),
                state,
                top.read(PlaceKeys.SPOOL, section -> spool(section, state)),
                top.read(PlaceKeys.RECORDS, SettingsReader::records),
                top.value(PlaceKeys.HOST_STORE),
                machines,
                schedule.options(),
                schedule.trace(),
                schedule.limits(),
                schedule.stragglers(),
                ResourcesReader.rules(top),
                top.value(BuildKeys.MAX_ATTEMPTS),
                top.get(ConnectionKeys.UPLINK),
                top.read(ConnectionKeys.TIMEOUTS, SettingsReader::timeouts),
                top.read(BuildKeys.BUILD_LIMITS, SettingsReader::buildLimits),
                ssh,
                files(),
                Stream.of(faults.warnings(), fleet.warnings(), clientWarnings.all())
                        .flatMap(List::stream)
                        .toList(),
                fleet.notUsed());
    }

    /// Without a word about them those that Nix has by default.
    private static List<NixPublicKey> trustedPublicKeys(Section top) {
        var keys = top.values(ClientKeys.TRUSTED_PUBLIC_KEYS);
        return top.has(ClientKeys.TRUSTED_PUBLIC_KEYS) ? keys : List.of(ClientKeys.NIX_CACHE_KEY);
    }

    private static BuildRecorder.Limits records(Section section) {
        return new BuildRecorder.Limits(
                section.value(PlaceKeys.RECORDS_KEEP),
                section.value(PlaceKeys.RECORDS_LOG_SIZE).bytes());
    }

    private static Listen listen(Section section) {
        var socket = section.get(PlaceKeys.SOCKET);
        var ssh = section.get(PlaceKeys.SSH);
        var web = section.get(PlaceKeys.WEB);
        socket.flatMap(UnixSocketChannel::pathFault).ifPresent(fault -> section.fault(PlaceKeys.SOCKET, fault));
        if (!section.has(PlaceKeys.SOCKET) && !section.has(PlaceKeys.SSH))
            section.fault("socket or ssh is needed, else no client can come in");
        if (ssh.isPresent() && ssh.equals(web) && ssh.get().port() != 0)
            section.fault(PlaceKeys.WEB, "is the same address as ssh");
        return new Listen(socket, ssh, web, Settings.Web.DEFAULT);
    }

    private static Spool spool(Section section, Path state) {
        return new Spool(
                section.get(PlaceKeys.SPOOL_PATH).orElse(state.resolve("spool")), section.value(PlaceKeys.SPOOL_SIZE));
    }

    private record Schedule(
            SchedulerOptions options, Optional<Path> trace, Pressure.Limits limits, Stragglers stragglers) {}

    private static Schedule schedule(Section section) {
        var usual = SchedulerOptions.DEFAULT;
        var options = new SchedulerOptions(
                section.value(BuildKeys.FIRST_AFTER_WAITING), usual.setUp(), usual.lookAhead(), usual.hold());
        var limits = new Pressure.Limits(
                section.value(BuildKeys.MIN_FREE_DISK).bytes(),
                section.get(BuildKeys.MAX_LOAD).orElse(Pressure.Limits.DEFAULT.maxLoad()));
        var stragglers =
                Stragglers.after(section.value(BuildKeys.STRAGGLERS), section.value(BuildKeys.STRAGGLERS_AFTER));
        return new Schedule(options, section.get(BuildKeys.TRACE), limits, stragglers);
    }

    private static Timeouts timeouts(Section section) {
        return new Timeouts(
                section.value(ConnectionKeys.CONNECT),
                section.value(ConnectionKeys.HANDSHAKE),
                section.value(ConnectionKeys.SILENT_CONNECTION),
                section.value(ConnectionKeys.NIX_REPLY),
                section.value(ConnectionKeys.CHECK_BEFORE_BUILD),
                section.value(ConnectionKeys.WAIT_FOR_MACHINE),
                section.value(ConnectionKeys.DRAIN));
    }

    private record Limits(ClientLimits clients, UploadLimits uploads) {}

    private static Limits limits(Section section) {
        return new Limits(clientLimits(section), uploadLimits(section));
    }

    private static UploadLimits uploadLimits(Section section) {
        return new UploadLimits(section.value(ClientKeys.SPOOL_SHARE), section.value(ClientKeys.UPLOAD_PAUSE));
    }

    private static ClientLimits clientLimits(Section section) {
        return new ClientLimits(
                section.value(ClientKeys.CONNECTIONS),
                section.value(ClientKeys.CONNECTIONS_PER_ADDRESS),
                section.value(ClientKeys.CONNECTIONS_PER_KEY),
                section.value(ClientKeys.CHANNELS_PER_CONNECTION),
                section.value(ClientKeys.LOGGING_IN),
                section.value(ClientKeys.LOGGING_IN_PER_ADDRESS),
                section.value(ClientKeys.LOGIN_TIME),
                section.value(ClientKeys.FAILED_LOGINS),
                section.value(ClientKeys.REQUEST_SIZE).bytes(),
                section.value(ClientKeys.REQUESTS_PER_SECOND),
                section.value(ClientKeys.LOG_SIZE).bytes());
    }

    /// Zero is no limit.
    private static BuildLimits buildLimits(Section section) {
        return new BuildLimits(
                section.get(BuildKeys.TIMEOUT).orElse(Duration.ZERO),
                section.get(BuildKeys.MAX_SILENT).orElse(Duration.ZERO),
                section.get(BuildKeys.MAX_LOG).orElse(new ByteSize(0)));
    }

    private Ssh ssh(Section section) {
        var given = section.values(ConnectionKeys.KNOWN_HOSTS);
        return new Ssh(
                section.value(ConnectionKeys.MAX_SESSIONS),
                section.value(ConnectionKeys.MAX_STARTING),
                section.value(ConnectionKeys.KEEP_ALIVE),
                section.value(ConnectionKeys.IDLE),
                section.value(ConnectionKeys.MAX_AGE),
                section.has(ConnectionKeys.KNOWN_HOSTS) ? given : usualKnownHosts(),
                section.value(ConnectionKeys.SSH_CONFIG).files(surroundings.home()));
    }

    private List<Path> usualKnownHosts() {
        return List.of(surroundings.home().resolve(".ssh/known_hosts"), Path.of("/etc/ssh/ssh_known_hosts"));
    }

    private Path path(String text) {
        try {
            return surroundings.resolve(base, text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'%s' is no path: %s".formatted(text, e.getReason()), e);
        }
    }
}
