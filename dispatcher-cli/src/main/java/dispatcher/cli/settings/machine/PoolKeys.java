package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Shape;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.value.Types;
import java.time.DayOfWeek;
import java.time.LocalTime;
import java.time.format.TextStyle;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What an entry of `machines` says that stands for several machines, in the table of settings.
final class PoolKeys {
    private static final String PATH = "machines[].pool";
    private static final String TIME = "(?:[01]\\d|2[0-3]):[0-5]\\d";

    /// No pool has more machines.
    private static final int MOST = 1000;

    static final Key<Integer> MAX = Key.of(PATH + ".max", Types.whole(1, MOST))
            .required("how many machines the pool has at most")
            .example("4")
            .counts(Effect.AT_ONCE)
            .help("Machines that are on at the same time, at most.");
    static final Key<Integer> MIN = Key.of(PATH + ".min", Types.whole(0, MOST))
            .preset(0)
            .counts(Effect.AT_ONCE)
            .help("Machines that are on always, used or not.");
    static final Key<Integer> WARM = Key.of(PATH + ".warm", Types.whole(0, MOST))
            .preset(0)
            .counts(Effect.AT_ONCE)
            .help(
                    "Idle machines that are kept on beside those in use, so that the next builds need not wait for a start.");
    static final Key<Integer> MAX_BUILDS = Key.of(PATH + ".maxBuildsPerMachine", Types.whole(1, Integer.MAX_VALUE))
            .presetIs("none")
            .example("20")
            .counts(Effect.AT_ONCE)
            .help("""
                    After so many builds a machine gets no more; it is stopped when it has done those, and started afresh
                    when it is needed. With several slots, builds that begin at the same moment may be more.""");

    static final Key<DayOfWeek> DAYS = Key.list(PATH + ".windows[].days", day())
            .presetIs("every day")
            .example("[mon, tue, wed, thu, fri]")
            .counts(Effect.AT_ONCE)
            .help("Days on which the window begins.");
    static final Key<LocalTime> FROM = Key.of(PATH + ".windows[].from", time())
            .required("when the window begins, such as 08:00")
            .example("08:00")
            .counts(Effect.AT_ONCE)
            .help("Its begin, in the time zone of the dispatcher's host.");
    static final Key<LocalTime> TO = Key.of(PATH + ".windows[].to", time())
            .required("when the window ends, such as 18:00")
            .example("18:00")
            .counts(Effect.AT_ONCE)
            .help("Its end; on the next day if it is not after `from`.");
    static final Key<Integer> WINDOW_MIN = Key.of(PATH + ".windows[].min", Types.whole(0, MOST))
            .presetIs("that of the pool")
            .example("2")
            .counts(Effect.AT_ONCE)
            .help("`min` in that time.");
    static final Key<Integer> WINDOW_MAX = Key.of(PATH + ".windows[].max", Types.whole(0, MOST))
            .presetIs("that of the pool")
            .example("8")
            .counts(Effect.AT_ONCE)
            .help("`max` in that time. Machines beyond it finish what they have.");
    static final Group WINDOWS = Group.list(
            PATH + ".windows",
            "Times with other numbers; the first that covers a moment counts.",
            "  - {days: [mon, tue, wed, thu, fri], from: 08:00, to: 18:00, min: 2, max: 8}\n",
            DAYS,
            FROM,
            TO,
            WINDOW_MIN,
            WINDOW_MAX);

    static final Group POOL = Group.optional(PATH, """
            That the entry stands for several equal machines, which are started and stopped as builds need them: NAME-1,
            NAME-2 and so on. Needs onDemand with container, with qemu, or with the commands start, stop and address, which
            find the name of the pool in $DISPATCHER_POOL, and the machine in $DISPATCHER_MACHINE and its number in
            $DISPATCHER_INDEX. Default: it is one machine.""", """
            pool:
              max: 4
              min: 0
              warm: 0
              maxBuildsPerMachine: 20
              windows:
                - days: [mon, tue, wed, thu, fri]
                  from: 08:00
                  to: 18:00
                  min: 2
                  max: 8
            """, MAX, MIN, WARM, MAX_BUILDS, WINDOWS);

    private PoolKeys() {}

    private static Type<DayOfWeek> day() {
        var days = Arrays.asList(DayOfWeek.values());
        return Types.word(
                days.stream().map(PoolKeys::word).toList(),
                PoolKeys::word,
                text -> days.stream().filter(day -> word(day).equals(text)).findFirst());
    }

    /// For example `mon`.
    private static String word(DayOfWeek day) {
        return day.getDisplayName(TextStyle.SHORT, Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    private static Type<LocalTime> time() {
        return Type.of("time of day", new Shape.Pattern(TIME), text -> {
            if (!text.matches(TIME))
                throw new IllegalArgumentException("'%s' is no time of day; write one such as 08:30".formatted(text));
            return LocalTime.parse(text);
        });
    }

    /// All seven.
    static List<DayOfWeek> everyDay() {
        return List.of(DayOfWeek.values());
    }
}
