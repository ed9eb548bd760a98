package dispatcher.cli.drain;

import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.command.Operator;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.text.Printable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `dispatcher drain`: takes a machine out of use without harm to what runs there.
@Command(
        name = "drain",
        description = {
            "Give a machine no more builds; what runs there goes on. It stays so until `dispatcher resume`, also over a"
                    + " restart of the dispatcher."
        },
        mixinStandardHelpOptions = true)
public final class DrainCommand extends ApiCommand {
    private static final Duration POLL = Duration.ofMillis(500);

    @Parameters(paramLabel = "MACHINE", description = "Its name in the settings.")
    private String machine = "";

    @Option(
            names = "--note",
            paramLabel = "TEXT",
            description = "Why; `dispatcher machines`, `dispatcher status` and the page show it.")
    private Optional<String> note = Optional.empty();

    @Option(names = "--wait", description = "Return when nothing runs there any more.")
    private boolean wait;

    @Override
    public Integer call() throws InterruptedException {
        var answer = needed(
                dispatcher()
                        .post(DrainRequest.DRAIN_PATH, new DrainRequest(machine, note, Optional.of(Operator.name()))),
                "drain " + machine);
        if (!isJson()) {
            var drained = answer.as(DrainAnswer.class);
            print(List.of("%s is drained%s; %s"
                    .formatted(
                            Printable.line(machine),
                            drained.changed() ? "" : " already",
                            running(drained.machine()
                                    .map(MachineAnswer::slotsTaken)
                                    .orElse(0L)))));
        }
        if (wait) awaitIdle();
        if (isJson()) print(List.of(answer.show()));
        else if (wait) print(List.of("nothing runs there any more"));
        return ExitCode.OK;
    }

    private static String running(long builds) {
        return builds == 0 ? "nothing runs there" : builds == 1 ? "1 build runs there" : builds + " builds run there";
    }

    private void awaitIdle() throws InterruptedException {
        while (true) {
            var view = look();
            if (view.isEmpty() || view.get().slotsTaken() == 0) return;
            var state = view.get().state();
            if (!state.equals("drained") && !state.equals("removed"))
                throw new UserFacingException(
                        "%s is in use again".formatted(machine),
                        "somebody has resumed it meanwhile; its state is " + state,
                        "drain it again");
            Thread.sleep(POLL);
        }
    }

    /// Empty if it is not in the settings any more.
    private Optional<MachineAnswer> look() {
        return needed(dispatcher().get(MachinesAnswer.PATH), "wait for " + machine)
                .as(MachinesAnswer.class)
                .machines()
                .stream()
                .filter(view -> view.name().equals(machine))
                .findFirst();
    }
}
