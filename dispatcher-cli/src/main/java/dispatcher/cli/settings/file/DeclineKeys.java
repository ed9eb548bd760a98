package dispatcher.cli.settings.file;

import dispatcher.cli.decline.DeclineRules;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Types;
import java.time.Duration;

/// When Nix on this host is to build itself, in the table of settings.
final class DeclineKeys {
    static final Key<Boolean> ON_BATTERY = Key.of("decline.onBattery", Types.flag())
            .preset(false)
            .counts(Effect.AT_ONCE, it -> it.decline().onBattery())
            .help("While this host runs on its battery.");
    static final Key<Boolean> OFFLINE = Key.of("decline.offline", Types.flag())
            .preset(false)
            .counts(Effect.AT_ONCE, it -> it.decline().offline())
            .help("While no network leads out of this host.");
    static final Key<Duration> WAIT_OVER = Key.of("decline.waitOver", Types.duration())
            .presetIs("no limit")
            .example("10m")
            .counts(Effect.AT_ONCE, it -> it.decline().waitOver())
            .help("While a build that waits is expected to wait longer than this yet.");
    static final Key<String> COMMAND = Key.of("decline.command", Types.text())
            .presetIs("none")
            .example("test -e /run/build-here")
            .counts(Effect.AT_ONCE, it -> it.decline().command())
            .help("While this command, run by /bin/sh -c, ends with status 0 within 5 s.");
    static final Group DECLINE = Group.of("decline", """
            When Nix on this host is to build itself, though it could build here: while one of these holds, clients at
            listen.socket are refused, and their Nix builds at once if it may (max-jobs). Those that chose a machine are
            not.""", ON_BATTERY, OFFLINE, WAIT_OVER, COMMAND);

    private DeclineKeys() {}

    static DeclineRules read(Section section) {
        return new DeclineRules(
                section.value(ON_BATTERY), section.value(OFFLINE), section.get(WAIT_OVER), section.get(COMMAND));
    }
}
