package dispatcher.cli.settings.file;

import dispatcher.build.Stragglers;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.Amounts;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Shape;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.value.Types;
import dispatcher.machine.Pressure;
import dispatcher.schedule.policy.SchedulerOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How builds take their turns and what they may take, in the table of settings.
final class BuildKeys {
    static final Key<Duration> FIRST_AFTER_WAITING = Key.of("schedule.firstAfterWaiting", Types.duration())
            .preset(SchedulerOptions.DEFAULT.patience())
            .formerly("patience")
            .counts(Effect.NEW_BUILDS, it -> it.schedule().patience())
            .help("""
                    A build that has waited this long goes before all that came later, regardless of their priority
                    and their client's share.""");
    static final Key<Path> TRACE = Key.of("schedule.trace", Types.path())
            .presetIs("none; nothing is recorded")
            .example("/var/lib/dispatcher/trace")
            .counts(Effect.RESTART, Settings::trace)
            .help("""
                    Record what clients ask for and what it takes, for `dispatcher simulate`: names of
                    derivations and clients, no store paths. At each start, and after 64 MiB, what is there
                    becomes FILE.1.""");
    static final Key<ByteSize> MIN_FREE_DISK = Key.of("schedule.minFreeDisk", Types.size())
            .preset(new ByteSize(Pressure.Limits.DEFAULT.minFreeDisk()))
            .counts(Effect.NEW_BUILDS, it -> new ByteSize(it.pressureLimits().minFreeDisk()))
            .help("""
                    What a machine must have left to get more builds. It is asked over the connection that is
                    there, every 4 s while it builds; of one that cannot answer, as its account runs no commands
                    but Nix, nothing is held against it. Of the disk of the store and of the one of the build
                    directories, or a quarter of a small one; 0MB for no limit.""");
    static final Key<Double> MAX_LOAD = Key.of("schedule.maxLoad", load())
            .presetIs("no limit")
            .example("4")
            .counts(Effect.NEW_BUILDS, it -> orNone(it.pressureLimits().maxLoad()))
            .help("""
                    Load for each core (as `uptime` has it for the last minute, divided by the cores) above
                    which a machine gets no more builds.""");
    static final Key<Double> STRAGGLERS = Key.of("schedule.stragglers", factor())
            .preset(Stragglers.OFF.factor())
            .counts(Effect.NEW_BUILDS, it -> orNone(it.stragglers().factor()))
            .help("""
                    A build that takes this many times as long as expected, and at least `stragglersAfter`
                    more, is begun a second time while it goes on: on another machine, at least 1.3 times as
                    fast (any, if its own is under pressure or gone), in a slot that no waiting build could use.
                    The first result counts, and the other attempt is stopped. Only where it is known what such
                    builds take, and not for content-addressed outputs. A number above 1, such as 3, or no.""");
    static final Key<Duration> STRAGGLERS_AFTER = Key.of("schedule.stragglersAfter", Types.duration())
            .preset(Stragglers.LEAST)
            .counts(Effect.NEW_BUILDS, it -> it.stragglers().least())
            .help("How much longer than expected a build must take, at least, to be begun a second time.");
    static final Group SCHEDULE = Group.of(
            "schedule",
            "How builds take their turns.",
            FIRST_AFTER_WAITING,
            TRACE,
            MIN_FREE_DISK,
            MAX_LOAD,
            STRAGGLERS,
            STRAGGLERS_AFTER);

    static final Key<String> BUILDS = Key.of("resources[].builds", Types.text())
            .counts(Effect.NEW_BUILDS)
            .help("A pattern for names of derivations; * is any text. Goes with `take`.");
    static final Key<Long> TAKE = Key.of("resources[].take", Amounts.TYPE)
            .required("what these builds take, e.g. {memory: 16GiB}")
            .counts(Effect.NEW_BUILDS)
            .help("What these builds take.");
    static final Key<String> ATTRIBUTE = Key.of("resources[].attribute", Types.text())
            .counts(Effect.NEW_BUILDS)
            .help("""
                    An attribute of the derivation, which gives the amount: bytes of memory, else a count. Goes
                    with `resource`, in place of `builds`.""");
    static final Key<String> RESOURCE = Key.of("resources[].resource", Types.text())
            .required("what the attribute gives the amount of, e.g. memory")
            .counts(Effect.NEW_BUILDS)
            .help("What that is an amount of.");
    static final Group RESOURCES = Group.list("resources", """
                    What builds take of a machine's `resources` while they run; of several entries that fit, the
                    largest amounts count. What is known of a package's memory from earlier builds counts where
                    no entry says anything of its memory.""", """
                      - builds: "chromium-*"
                        take: {memory: 16GiB}
                      - attribute: requiredGpus
                        resource: gpu
                    """, BUILDS, TAKE, ATTRIBUTE, RESOURCE)
            .compared(
                    Effect.NEW_BUILDS,
                    it -> it.resources().rules(),
                    it -> "%d rules".formatted(it.resources().rules().size()));

    static final Key<Integer> MAX_ATTEMPTS = Key.of("maxAttempts", Types.whole(1, 1000))
            .preset(3)
            .counts(Effect.NEW_BUILDS, Settings::maxAttempts)
            .help("""
                    How often a build may begin and be lost, with its machine or the way to it, before it is
                    given up: it may be what takes machines down. Losses with a machine that has also broken
                    without the build in the last hour do not count, but three times as many in all are too
                    many.""");

    static final Key<Duration> TIMEOUT = Key.of("buildLimits.timeout", Types.duration())
            .presetIs("no limit")
            .example("8h")
            .counts(Effect.NEW_BUILDS, it -> it.buildLimits().timeout())
            .help("For the whole build.");
    static final Key<Duration> MAX_SILENT = Key.of("buildLimits.maxSilent", Types.duration())
            .presetIs("no limit")
            .example("1h")
            .counts(Effect.NEW_BUILDS, it -> it.buildLimits().maxSilent())
            .help("Without a line of its log.");
    static final Key<ByteSize> MAX_LOG = Key.of(
                    "buildLimits.maxLog",
                    Types.sizeAboveZero("'%s' would stop every build; leave it away for no limit"::formatted))
            .presetIs("no limit but `limits.logSize`")
            .example("100MB")
            .counts(Effect.NEW_BUILDS, it -> it.buildLimits().maxLog())
            .help("Size of its log.");
    static final Group BUILD_LIMITS = Group.of("buildLimits", """
            What a build may take whose client sets no such limits. Nix sends them over ssh:// only, so for
            clients that come over ssh-ng:// these hold.""", TIMEOUT, MAX_SILENT, MAX_LOG);

    private BuildKeys() {}

    /// Infinite stands for what is not set.
    private static Object orNone(double value) {
        return Double.isInfinite(value) ? Optional.empty() : value;
    }

    private static Type<Double> load() {
        return Type.of("number above 0", new Shape.Above(0), text -> {
                    if (text.matches("\\d{1,6}(\\.\\d{1,6})?")) {
                        double load = Double.parseDouble(text);
                        if (load > 0) return load;
                    }
                    throw new IllegalArgumentException(
                            "'%s' is no load; write a number above 0, such as 1.5, or leave it away for no limit"
                                    .formatted(text));
                })
                .shownBy(Types::plain);
    }

    /// Infinite for no second attempts.
    private static Type<Double> factor() {
        var shape = new Shape.Either(List.of(new Shape.Words(List.of("no")), new Shape.Above(1)));
        return Type.of("number above 1, or no", shape, BuildKeys::factor)
                .shownBy(value -> Double.isInfinite(value) ? "no" : Types.plain(value));
    }

    private static double factor(String text) {
        if (text.equals("no")) return Double.POSITIVE_INFINITY;
        if (text.matches("\\d{1,4}(\\.\\d{1,3})?")) {
            double factor = Double.parseDouble(text);
            if (factor > 1) return factor;
        }
        throw new IllegalArgumentException(
                "'%s' is no factor; write a number above 1, such as 3, or no for no second attempts".formatted(text));
    }
}
