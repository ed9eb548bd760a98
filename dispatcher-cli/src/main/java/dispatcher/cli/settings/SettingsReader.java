package dispatcher.cli.settings;

import dispatcher.access.ClientLimits;
import dispatcher.access.UploadLimits;
import dispatcher.build.Stragglers;
import dispatcher.cli.settings.Settings.BuildLimits;
import dispatcher.cli.settings.Settings.HostStore;
import dispatcher.cli.settings.Settings.Listen;
import dispatcher.cli.settings.Settings.Spool;
import dispatcher.cli.settings.Settings.Ssh;
import dispatcher.cli.settings.Settings.Timeouts;
import dispatcher.machine.Pressure;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.wire.socket.UnixSocketListener;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Binds the text of one settings file to [Settings]. Confined to one thread, used once.
final class SettingsReader {
    /// Whose signatures Nix believes if its nix.conf says nothing of them: those of its public cache.
    static final String NIX_CACHE_KEY = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=";

    private static final int MOST = 1_000_000;

    /// The inputs of a build of a thousand paths.
    private static final ByteSize LEAST_REQUEST = ByteSize.parse("1MiB");

    private static final ByteSize LARGEST_REQUEST = ByteSize.parse("1GiB");
    private static final Path STATE = Path.of("/var/lib/dispatcher");

    private final Path file;
    private final Path base;
    private final Surroundings surroundings;
    private final Faults faults;
    private final FleetReader fleet;

    /// @param file absolute
    SettingsReader(Path file, Surroundings surroundings) {
        this(file, shown(file, surroundings.directory()), surroundings);
    }

    /// @param name of the file in faults
    SettingsReader(Path file, String name, Surroundings surroundings) {
        this.file = file;
        this.base = Optional.ofNullable(file.getParent()).orElse(file);
        this.surroundings = surroundings;
        this.faults = new Faults(name);
        this.fleet = new FleetReader(base, surroundings, faults);
    }

    /// Relative where that is shorter and no less clear.
    private static String shown(Path file, Path directory) {
        return file.startsWith(directory) ? directory.relativize(file).toString() : file.toString();
    }

    /// @throws SettingsException with all faults up to [Faults#MOST], if there are any
    Settings read(String text) {
        try {
            var settings = LocatedYaml.read(text, faults).map(root -> {
                try (var top = Section.of(root, "", faults)) {
                    return bind(top);
                }
            });
            if (settings.isPresent() && faults.isEmpty()) return settings.get();
            throw new SettingsException(faults.file(), faults.sorted(), files());
        } catch (Faults.TooManyException more) {
            throw new SettingsException(faults.file(), faults.sorted(), files(), more);
        }
    }

    private List<Path> files() {
        var files = new ArrayList<>(List.of(file));
        files.addAll(fleet.files());
        return files;
    }

    private Settings bind(Section top) {
        var state = path(top, "state").orElse(STATE);
        var listen = listen(top);
        var schedule = schedule(top);
        var limits = limits(top);
        var authorizedKeys = path(top, "authorizedKeys").orElse(base.resolve("authorized_keys"));
        var machines = fleet.read(top);
        var clientWarnings = new ClientWarnings(faults.file(), listen, machines, authorizedKeys);
        return new Settings(
                file,
                listen,
                authorizedKeys,
                new ClientsReader(clientWarnings).read(top),
                trustedPublicKeys(top),
                limits.clients(),
                limits.uploads(),
                path(top, "hostKey").orElse(state.resolve("ssh_host_ed25519_key")),
                path(top, "secretKeyFile"),
                state,
                spool(top, state),
                hostStore(top),
                machines,
                schedule.options(),
                schedule.trace(),
                schedule.limits(),
                schedule.stragglers(),
                Resources.rules(top),
                top.integer("maxAttempts", 1, 1000).orElse(3),
                top.value("uplink", SettingsReader::rate),
                timeouts(top),
                buildLimits(top),
                ssh(top),
                files(),
                Stream.concat(fleet.warnings().stream(), clientWarnings.all().stream())
                        .toList(),
                fleet.notUsed());
    }

    /// Without a word about them those that Nix has by default.
    private static List<NixPublicKey> trustedPublicKeys(Section top) {
        var keys = top.values("trustedPublicKeys", ClientsReader::publicKey);
        return top.has("trustedPublicKeys") ? keys : List.of(NixPublicKey.parse(NIX_CACHE_KEY));
    }

    private Listen listen(Section top) {
        try (var section = top.section("listen")) {
            var socket = path(section, "socket");
            var ssh = section.value("ssh", HostAndPort::parse);
            var web = section.value("web", HostAndPort::parse);
            if (socket.isPresent()) checkLength(section, socket.get());
            if (!section.has("socket") && !section.has("ssh"))
                section.fault("socket or ssh is needed, else no client can come in");
            if (ssh.isPresent() && ssh.equals(web) && ssh.get().port() != 0)
                section.fault("web", "is the same address as ssh");
            return new Listen(socket, ssh, web);
        }
    }

    private static void checkLength(Section section, Path socket) {
        UnixSocketListener.pathFault(socket).ifPresent(fault -> section.fault("socket", fault));
    }

    private Spool spool(Section top, Path state) {
        try (var section = top.section("spool")) {
            var path = path(section, "path").orElse(state.resolve("spool"));
            return new Spool(
                    path, section.value("size", SettingsReader::spoolSize).orElse(ByteSize.parse("50GiB")));
        }
    }

    private static ByteSize spoolSize(String text) {
        var size = ByteSize.parse(text);
        if (size.bytes() == 0) throw new IllegalArgumentException("a spool of no size holds nothing");
        return size;
    }

    /// Bytes per second.
    private static ByteSize rate(String text) {
        var size = text.endsWith("/s") ? text.substring(0, text.length() - 2).stripTrailing() : text;
        try {
            var rate = ByteSize.parse(size);
            if (rate.bytes() > 0) return rate;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'%s' is no rate; write bytes per second with a unit, such as 20MiB/s".formatted(text), e);
        }
        throw new IllegalArgumentException("'%s' would send nothing; leave it away for no limit".formatted(text));
    }

    private HostStore hostStore(Section top) {
        return top.value("hostStore", text -> switch (text) {
                    case "auto" -> new HostStore.Auto();
                    case "off" -> new HostStore.Off();
                    default -> {
                        if (text.contains("/")) yield new HostStore.Daemon(path(text));
                        throw new IllegalArgumentException(
                                "'%s' is not auto, off or the path of a nix-daemon's socket".formatted(text));
                    }
                })
                .orElse(new HostStore.Auto());
    }

    private record Schedule(
            SchedulerOptions options, Optional<Path> trace, Pressure.Limits limits, Stragglers stragglers) {}

    private Schedule schedule(Section top) {
        try (var section = top.section("schedule")) {
            var usual = SchedulerOptions.DEFAULT;
            var options = new SchedulerOptions(
                    duration(section, "patience", usual.patience()), usual.setUp(), usual.lookAhead(), usual.hold());
            return new Schedule(options, path(section, "trace"), pressureLimits(section), stragglers(section));
        }
    }

    private static Stragglers stragglers(Section schedule) {
        var factor = schedule.value("stragglers", SettingsReader::factor).orElse(Double.POSITIVE_INFINITY);
        return Stragglers.after(factor, duration(schedule, "stragglersAfter", Stragglers.LEAST));
    }

    private static Pressure.Limits pressureLimits(Section schedule) {
        var usual = Pressure.Limits.DEFAULT;
        return new Pressure.Limits(
                schedule.value("minFreeDisk", ByteSize::parse)
                        .map(ByteSize::bytes)
                        .orElse(usual.minFreeDisk()),
                schedule.value("maxLoad", SettingsReader::load).orElse(usual.maxLoad()));
    }

    private static double load(String text) {
        if (text.matches("\\d{1,6}(\\.\\d{1,6})?")) {
            double load = Double.parseDouble(text);
            if (load > 0) return load;
        }
        throw new IllegalArgumentException(
                "'%s' is no load; write a number above 0, such as 1.5, or leave it away for no limit".formatted(text));
    }

    /// Infinite for no second attempts.
    private static double factor(String text) {
        if (text.equals("no")) return Double.POSITIVE_INFINITY;
        if (text.matches("\\d{1,4}(\\.\\d{1,3})?")) {
            double factor = Double.parseDouble(text);
            if (factor > 1) return factor;
        }
        throw new IllegalArgumentException(
                "'%s' is no factor; write a number above 1, such as 3, or no for no second attempts".formatted(text));
    }

    private static Timeouts timeouts(Section top) {
        try (var section = top.section("timeouts")) {
            return new Timeouts(
                    duration(section, "connect", Duration.ofSeconds(10)),
                    duration(section, "handshake", Duration.ofSeconds(30)),
                    duration(section, "silence", Duration.ofSeconds(30)),
                    duration(section, "reply", Duration.ofMinutes(2)),
                    duration(section, "answer", Duration.ofSeconds(2)),
                    duration(section, "unavailable", Duration.ofMinutes(1)),
                    duration(section, "drain", Duration.ofMinutes(10)));
        }
    }

    private record Limits(ClientLimits clients, UploadLimits uploads) {}

    private static Limits limits(Section top) {
        try (var section = top.section("limits")) {
            return new Limits(clientLimits(section), uploadLimits(section));
        }
    }

    private static UploadLimits uploadLimits(Section section) {
        var usual = UploadLimits.DEFAULT;
        return new UploadLimits(
                section.integer("spoolShare", 1, 100).orElse(usual.spoolShare()),
                duration(section, "uploadPause", usual.pause()));
    }

    private static ClientLimits clientLimits(Section section) {
        var usual = ClientLimits.DEFAULT;
        return new ClientLimits(
                limit(section, "connections", usual.connections()),
                limit(section, "connectionsPerAddress", usual.connectionsPerAddress()),
                limit(section, "connectionsPerKey", usual.connectionsPerKey()),
                limit(section, "channelsPerConnection", usual.channelsPerConnection()),
                limit(section, "loggingIn", usual.loggingIn()),
                limit(section, "loggingInPerAddress", usual.loggingInPerAddress()),
                duration(section, "loginTime", usual.loginTime()),
                limit(section, "failedLogins", usual.failedLogins()),
                section.value("requestSize", SettingsReader::requestSize)
                        .map(ByteSize::bytes)
                        .orElse(usual.requestBytes()),
                limit(section, "requestsPerSecond", usual.requestsPerSecond()),
                section.value("logSize", SettingsReader::logSize)
                        .map(ByteSize::bytes)
                        .orElse(usual.logBytes()));
    }

    private static int limit(Section section, String key, int otherwise) {
        return section.integer(key, 1, MOST).orElse(otherwise);
    }

    private static ByteSize requestSize(String text) {
        var size = ByteSize.parse(text);
        if (size.compareTo(LEAST_REQUEST) >= 0 && size.compareTo(LARGEST_REQUEST) <= 0) return size;
        throw new IllegalArgumentException("'%s' is not from %s to %s".formatted(text, LEAST_REQUEST, LARGEST_REQUEST));
    }

    private static ByteSize logSize(String text) {
        var size = ByteSize.parse(text);
        if (size.bytes() == 0) throw new IllegalArgumentException("a build that may not write a log cannot be built");
        return size;
    }

    private static BuildLimits buildLimits(Section top) {
        try (var section = top.section("buildLimits")) {
            return new BuildLimits(
                    duration(section, "timeout", Duration.ZERO),
                    duration(section, "maxSilent", Duration.ZERO),
                    section.value("maxLog", SettingsReader::maxLog).orElse(new ByteSize(0)));
        }
    }

    private static ByteSize maxLog(String text) {
        var size = ByteSize.parse(text);
        if (size.bytes() == 0)
            throw new IllegalArgumentException(
                    "'%s' would stop every build; leave it away for no limit".formatted(text));
        return size;
    }

    private Ssh ssh(Section top) {
        try (var section = top.section("ssh")) {
            var given = section.values("knownHosts", this::path);
            return new Ssh(
                    section.integer("maxSessions", 1, 1000).orElse(10),
                    section.integer("maxStarting", 1, 1000).orElse(2),
                    duration(section, "keepAlive", Duration.ofSeconds(10)),
                    duration(section, "idle", Duration.ofMinutes(2)),
                    duration(section, "maxAge", Duration.ofHours(1)),
                    section.has("knownHosts") ? given : usualKnownHosts());
        }
    }

    private List<Path> usualKnownHosts() {
        return List.of(surroundings.home().resolve(".ssh/known_hosts"), Path.of("/etc/ssh/ssh_known_hosts"));
    }

    private static Duration duration(Section section, String key, Duration otherwise) {
        return section.value(key, text -> {
                    var duration = Durations.parse(text);
                    if (duration.isZero()) throw new IllegalArgumentException("'" + text + "' should be above zero");
                    return duration;
                })
                .orElse(otherwise);
    }

    private Optional<Path> path(Section section, String key) {
        return section.value(key, this::path);
    }

    private Path path(String text) {
        try {
            return surroundings.resolve(base, text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'%s' is no path: %s".formatted(text, e.getReason()), e);
        }
    }
}
