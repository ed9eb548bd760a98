package dispatcher.cli.fleet;

import dispatcher.cli.control.Fields;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.SettingsOption;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.text.Printable;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `dispatcher drain`: takes a machine out of use without harm to what runs there.
@Command(
        name = "drain",
        description = {
            "Give a machine no more builds; what runs there goes on. It stays so until `dispatcher resume`, also over a"
                    + " restart of the dispatcher."
        },
        mixinStandardHelpOptions = true)
public final class DrainCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofMillis(500);

    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    @Parameters(paramLabel = "MACHINE", description = "Its name in the settings.")
    private String machine = "";

    @Option(names = "--wait", description = "Return when nothing runs there any more.")
    private boolean wait;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        var loaded = settings.load();
        var answer = RunningDispatcher.ask(loaded, FleetRequests.drainRequest(machine, true), "drain " + machine);
        var out = spec.commandLine().getOut();
        if (!json) {
            out.println("%s is drained%s; %s"
                    .formatted(
                            Printable.line(machine),
                            answer.flag("changed") ? "" : " already",
                            running(taken(answer.object("machine")))));
            out.flush();
        }
        if (wait) awaitIdle(loaded);
        if (json) out.println(answer.members().show());
        else if (wait) out.println("nothing runs there any more");
        out.flush();
        return ExitCode.OK;
    }

    static String running(long builds) {
        return builds == 0 ? "nothing runs there" : builds == 1 ? "1 build runs there" : builds + " builds run there";
    }

    private static long taken(Fields view) {
        return view.number("slotsTaken");
    }

    private void awaitIdle(Settings loaded) throws InterruptedException {
        while (true) {
            var view = look(loaded);
            if (view.isEmpty() || taken(view.get()) == 0) return;
            var state = view.get().text("state");
            if (!state.equals("drained") && !state.equals("removed"))
                throw new UserFacingException(
                        "%s is in use again".formatted(machine),
                        "somebody has resumed it meanwhile; its state is " + state,
                        "drain it again");
            Thread.sleep(POLL);
        }
    }

    /// Empty if it is not in the settings any more.
    private Optional<Fields> look(Settings loaded) {
        var all = RunningDispatcher.ask(loaded, FleetRequests.machinesRequest(), "wait for " + machine);
        return all.objects("machines").stream()
                .filter(view -> view.text("name").equals(machine))
                .findFirst();
    }
}
