package dispatcher.cli.settings.file;

import dispatcher.cli.publish.PublishRules;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Types;
import java.time.Duration;

/// What is done with outputs of builds that went well, in the table of settings.
final class PublishKeys {
    static final Key<String> TO = Key.of("publish.to", Types.text())
            .presetIs("none")
            .example("s3://cache")
            .counts(Effect.AT_ONCE, it -> it.publish().to())
            .help("The store that outputs, and what they need, are copied to by `nix copy` of this host.");
    static final Key<String> COMMAND = Key.of("publish.command", Types.text())
            .presetIs("none")
            .example("/etc/dispatcher/publish \"$@\"")
            .counts(Effect.AT_ONCE, it -> it.publish().command())
            .help(
                    "A command, run by /bin/sh, after that copy if there is one, with the output paths as arguments, and OUT_PATHS, DRV_PATH,"
                            + " DISPATCHER_MACHINE and DISPATCHER_STORE, the store to copy them from, in its environment.");
    static final Key<Integer> PARALLEL = Key.of("publish.parallel", Types.whole(1, 100))
            .preset(2)
            .counts(Effect.AT_ONCE, it -> it.publish().parallel())
            .help("Builds whose outputs are published at the same time.");
    static final Key<Integer> ATTEMPTS = Key.of("publish.attempts", Types.whole(1, 100))
            .preset(5)
            .counts(Effect.AT_ONCE, it -> it.publish().attempts())
            .help("For each build, after pauses of 1 s, 2 s, 4 s … 5 min.");
    static final Key<Duration> TIMEOUT = Key.of("publish.timeout", Types.duration())
            .preset(Duration.ofMinutes(10))
            .counts(Effect.AT_ONCE, it -> it.publish().timeout())
            .help("For one attempt; then what runs is killed.");
    static final Group PUBLISH = Group.of("publish", """
            What is done with the outputs of each build that went well. No build waits for it or fails because of it.
            Needs listen.socket.""", TO, COMMAND, PARALLEL, ATTEMPTS, TIMEOUT);

    private PublishKeys() {}

    /// @param socket whether there is a listen.socket
    static PublishRules read(Section section, boolean socket) {
        var to = section.get(TO);
        var command = section.get(COMMAND);
        if (!socket && to.isPresent()) section.fault(TO, "needs listen.socket, by which outputs are fetched");
        if (!socket && command.isPresent()) section.fault(COMMAND, "needs listen.socket, by which outputs are fetched");
        return new PublishRules(to, command, section.value(PARALLEL), section.value(ATTEMPTS), section.value(TIMEOUT));
    }
}
