package dispatcher.cli.reload;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientRule;
import dispatcher.cli.settings.Durations;
import dispatcher.cli.settings.Settings;
import dispatcher.nix.key.NixPublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the settings can say, but for machines, and when another value of it counts.
///
/// @param name  as in the file
/// @param value what can be compared
/// @param shown the value for people, never a secret
record SettingsKey(String name, Effect effect, Function<Settings, Object> value, Function<Settings, String> shown) {
    /// When another value counts.
    enum Effect {
        /// For whatever begins from now on.
        NOW,
        /// For connections to machines that are made from now on, for which all are made anew.
        NEW_CONNECTIONS,
        RESTART
    }

    static final List<SettingsKey> ALL = all();

    private static List<SettingsKey> all() {
        var keys = new ArrayList<SettingsKey>();
        keys.addAll(onlyAtTheStart());
        keys.addAll(connections());
        keys.addAll(builds());
        keys.addAll(clients());
        return List.copyOf(keys);
    }

    private static List<SettingsKey> onlyAtTheStart() {
        return List.of(
                key("listen.socket", Effect.RESTART, it -> it.listen().socket()),
                key("listen.ssh", Effect.RESTART, it -> it.listen().ssh()),
                key("listen.web", Effect.RESTART, it -> it.listen().web()),
                key("authorizedKeys", Effect.RESTART, Settings::authorizedKeys),
                key("hostKey", Effect.RESTART, Settings::hostKey),
                key("secretKeyFile", Effect.RESTART, Settings::secretKeyFile),
                key("state", Effect.RESTART, Settings::state),
                key("spool.path", Effect.RESTART, it -> it.spool().path()),
                key("spool.size", Effect.RESTART, it -> it.spool().size()),
                key("hostStore", Effect.RESTART, SettingsKey::hostStore),
                key("schedule.trace", Effect.RESTART, Settings::trace),
                key("ssh.maxStarting", Effect.RESTART, it -> it.ssh().maxStarting()));
    }

    private static Object hostStore(Settings settings) {
        return switch (settings.hostStore()) {
            case Settings.HostStore.Auto() -> "auto";
            case Settings.HostStore.Off() -> "off";
            case Settings.HostStore.Daemon(var socket) -> socket;
        };
    }

    private static List<SettingsKey> connections() {
        return List.of(
                key(
                        "timeouts.connect",
                        Effect.NEW_CONNECTIONS,
                        it -> it.timeouts().connect()),
                key(
                        "timeouts.handshake",
                        Effect.NEW_CONNECTIONS,
                        it -> it.timeouts().handshake()),
                key(
                        "timeouts.silence",
                        Effect.NEW_CONNECTIONS,
                        it -> it.timeouts().silence()),
                key(
                        "timeouts.reply",
                        Effect.NEW_CONNECTIONS,
                        it -> it.timeouts().reply()),
                key("ssh.maxSessions", Effect.NEW_CONNECTIONS, it -> it.ssh().maxSessions()),
                key("ssh.keepAlive", Effect.NEW_CONNECTIONS, it -> it.ssh().keepAlive()),
                key("ssh.idle", Effect.NEW_CONNECTIONS, it -> it.ssh().idle()),
                key("ssh.maxAge", Effect.NEW_CONNECTIONS, it -> it.ssh().maxAge()),
                key("ssh.knownHosts", Effect.NEW_CONNECTIONS, it -> it.ssh().knownHosts()),
                key("uplink", Effect.NEW_CONNECTIONS, Settings::uplink));
    }

    private static List<SettingsKey> builds() {
        return List.of(
                key("timeouts.answer", Effect.NOW, it -> it.timeouts().answer()),
                key("timeouts.unavailable", Effect.NOW, it -> it.timeouts().unavailable()),
                key("timeouts.drain", Effect.NOW, it -> it.timeouts().drain()),
                key("maxAttempts", Effect.NOW, Settings::maxAttempts),
                key("buildLimits.timeout", Effect.NOW, it -> it.buildLimits().timeout()),
                key("buildLimits.maxSilent", Effect.NOW, it -> it.buildLimits().maxSilent()),
                key("buildLimits.maxLog", Effect.NOW, it -> it.buildLimits().maxLog()),
                key("schedule.patience", Effect.NOW, it -> it.schedule().patience()),
                key(
                        "schedule.minFreeDisk",
                        Effect.NOW,
                        it -> it.pressureLimits().minFreeDisk()),
                key(
                        "schedule.maxLoad",
                        Effect.NOW,
                        it -> orNone(it.pressureLimits().maxLoad())),
                key(
                        "schedule.stragglers",
                        Effect.NOW,
                        it -> orNone(it.stragglers().factor())),
                key(
                        "schedule.stragglersAfter",
                        Effect.NOW,
                        it -> it.stragglers().least()),
                named(
                        "resources",
                        it -> it.resources().rules(),
                        it -> "%d rules".formatted(it.resources().rules().size())));
    }

    /// Infinite stands for what is not set.
    private static Object orNone(double value) {
        return Double.isInfinite(value) ? Optional.empty() : value;
    }

    private static List<SettingsKey> clients() {
        return List.of(
                named(
                        "clients",
                        Settings::clients,
                        it -> Stream.concat(
                                        it.clients().rules().stream().map(ClientRule::grant),
                                        Stream.of(it.clients().others()))
                                .map(ClientGrant::rule)
                                .filter(rule -> !rule.equals(ClientGrant.NO_RULE))
                                .collect(Collectors.joining(", "))),
                named(
                        "trustedPublicKeys",
                        Settings::trustedPublicKeys,
                        it -> it.trustedPublicKeys().stream()
                                .map(NixPublicKey::name)
                                .collect(Collectors.joining(", "))),
                key("limits.connections", Effect.NOW, it -> it.limits().connections()),
                key(
                        "limits.connectionsPerAddress",
                        Effect.NOW,
                        it -> it.limits().connectionsPerAddress()),
                key("limits.connectionsPerKey", Effect.NOW, it -> it.limits().connectionsPerKey()),
                key(
                        "limits.channelsPerConnection",
                        Effect.NOW,
                        it -> it.limits().channelsPerConnection()),
                key("limits.loggingIn", Effect.NOW, it -> it.limits().loggingIn()),
                key("limits.loggingInPerAddress", Effect.NOW, it -> it.limits().loggingInPerAddress()),
                key("limits.loginTime", Effect.NOW, it -> it.limits().loginTime()),
                key("limits.failedLogins", Effect.NOW, it -> it.limits().failedLogins()),
                key("limits.requestSize", Effect.NOW, it -> it.limits().requestBytes()),
                key("limits.requestsPerSecond", Effect.NOW, it -> it.limits().requestsPerSecond()),
                key("limits.logSize", Effect.NOW, it -> it.limits().logBytes()),
                key("limits.spoolShare", Effect.NOW, it -> it.uploads().spoolShare()),
                key("limits.uploadPause", Effect.NOW, it -> it.uploads().pause()));
    }

    private static SettingsKey key(String name, Effect effect, Function<Settings, Object> value) {
        return new SettingsKey(name, effect, value, settings -> show(value.apply(settings)));
    }

    /// Of a list that is shown by what its elements are called.
    private static SettingsKey named(String name, Function<Settings, Object> value, Function<Settings, String> names) {
        return new SettingsKey(
                name,
                Effect.NOW,
                value,
                settings -> Optional.of(names.apply(settings))
                        .filter(text -> !text.isEmpty())
                        .orElse("none"));
    }

    private static String show(Object value) {
        return switch (value) {
            case Optional<?> optional -> optional.isPresent() ? show(optional.get()) : "none";
            case Duration duration -> Durations.format(duration);
            case Collection<?> all -> all.stream().map(SettingsKey::show).collect(Collectors.joining(", "));
            default -> value.toString();
        };
    }

    boolean differs(Settings before, Settings after) {
        return !value.apply(before).equals(value.apply(after));
    }

    /// For example `timeouts.reply: 2m -> 5m`.
    String describe(Settings before, Settings after) {
        var from = shown.apply(before);
        var to = shown.apply(after);
        return from.equals(to) ? "%s: changed (%s)".formatted(name, to) : "%s: %s -> %s".formatted(name, from, to);
    }
}
