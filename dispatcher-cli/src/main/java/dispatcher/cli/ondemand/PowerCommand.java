package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinePower;
import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.machines.PowerWords;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/// A command about whether one machine is on.
abstract class PowerCommand extends ApiCommand {
    private static final Duration POLL = Duration.ofMillis(500);

    @Parameters(paramLabel = "NAME", description = "The machine's name in the settings.")
    private String machine = "";

    final ApiAnswer get(String path, String what) {
        return needed(dispatcher().get(MachinePower.pathOf(path, machine)), "%s %s".formatted(what, machine));
    }

    final ApiAnswer post(String path, String what) {
        return post(path, what, new Nothing());
    }

    final ApiAnswer post(String path, String what, Record body) {
        return needed(dispatcher().post(MachinePower.pathOf(path, machine), body), "%s %s".formatted(what, machine));
    }

    /// The body of a request that has nothing to say.
    record Nothing() {}

    /// @return 1 if the machine could not be started, else 0
    final int show(ApiAnswer answer) {
        show(answer, () -> List.of(line(answer.printable(MachinePower.class))));
        return status(answer);
    }

    static int status(ApiAnswer answer) {
        return state(answer).equals("failed") ? ExitCode.SOFTWARE : ExitCode.OK;
    }

    private static String line(MachinePower power) {
        return power.onDemand()
                .map(it -> PowerWords.line(power.name(), it, power.now()))
                .orElseGet(() -> power.name() + " is always on");
    }

    private static String state(ApiAnswer answer) {
        return answer.as(MachinePower.class)
                .onDemand()
                .map(MachineAnswer.OnDemand::state)
                .orElse("ready");
    }

    /// Asks again until the machine is on or off for good, and the last use before a stop has ended.
    final ApiAnswer awaitEnd(String what) throws InterruptedException {
        while (true) {
            var answer = get(MachinePower.STATUS_PATH, what);
            boolean stopping = answer.as(MachinePower.class)
                    .onDemand()
                    .map(MachineAnswer.OnDemand::stopping)
                    .orElse(false);
            var state = state(answer);
            if (!stopping && !state.equals("starting") && !state.equals("stopping")) return answer;
            Thread.sleep(POLL);
        }
    }
}
