package dispatcher.cli.explain;

import dispatcher.build.request.BuildRequestFactory;
import dispatcher.build.request.LearnedExpectations;
import dispatcher.cli.api.ExplainAnswer;
import dispatcher.cli.api.ExplainRequest;
import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.records.PastPlacements;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.Amounts;
import dispatcher.cli.state.StateDatabase;
import dispatcher.cli.terminal.ExitStatus;
import dispatcher.cli.terminal.Terminal;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.history.History;
import dispatcher.machine.registry.Descriptions;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `dispatcher explain`: which machine a build would go to, and why.
@Command(
        name = "explain",
        description = {
            "Show which machine a build would go to now, what it would take on each, and why not the others.",
            "For a .drv file the answer uses what the dispatcher would know if a client wanted it: how long such builds "
                    + "have taken, what resources it takes, where its inputs are and how large, as far as spool, host and "
                    + "machines have been seen to have them.",
            "The running dispatcher is asked; if none runs, the answer is for a fleet on which nothing runs, and that has "
                    + "nothing to copy."
        },
        exitCodeListHeading = "Exit status:%n",
        exitCodeList = {
            "0:some machine can do it, now or later; of a build on record: what is kept of it was shown.",
            "1:it could not be found out.",
            "2:wrong usage.",
            "4:no machine can ever do it; of a build on record: no machine could."
        },
        mixinStandardHelpOptions = true)
public final class ExplainCommand extends ApiCommand {
    @Parameters(
            paramLabel = "DRV|ID",
            arity = "0..1",
            description =
                    "A derivation: a file as /nix/store/…-hello-1.drv. Or the number of a build in `dispatcher builds`:"
                            + " why it went where it did, as it was then.")
    private Optional<Path> file = Optional.empty();

    @Option(names = "--system", paramLabel = "SYSTEM", description = "Instead: for what it is, such as x86_64-linux.")
    private Optional<String> system = Optional.empty();

    @Option(
            names = "--features",
            paramLabel = "FEATURE",
            split = ",",
            description = "With --system: what it requires of a machine, such as kvm,big-parallel.")
    private List<String> features = List.of();

    @Option(names = "--name", paramLabel = "NAME", description = "With --system: its name, such as hello-1.")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--resource",
            paramLabel = "NAME=AMOUNT",
            description = "With --system: what it takes of a machine, such as memory=16GiB; may be repeated.")
    private Map<String, String> resources = Map.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        var past = file.map(Path::toString).filter(text -> text.matches("\\d{1,18}"));
        if (past.isPresent() && system.isEmpty()) {
            var answer = PastPlacements.of(state(), dispatcher(), Long.parseLong(past.get()));
            show(answer, () -> PastPlacements.lines(answer.printable(BuildAnswer.class), Terminal.out()));
            return PastPlacements.exitStatus(answer.as(BuildAnswer.class));
        }
        var question = question();
        var asked = dispatcher().post(ExplainRequest.PATH, question.request());
        var answer = asked.isPresent() ? asked.get() : idle(settings(), question);
        if (asked.isEmpty() && !isJson())
            print(List.of("no dispatcher runs; this is what one would do that begins with these settings", ""));
        show(answer, () -> new ExplanationReport(answer.printable(ExplainAnswer.class)).lines(Terminal.out()));
        return answer.as(ExplainAnswer.class).possible() ? ExitCode.OK : ExitStatus.CANNOT_BE_PLACED;
    }

    private Question question() {
        if (file.isPresent() == system.isPresent()) throw wrongUsage("name either a .drv file or --system");
        if (file.isPresent() && (!features.isEmpty() || name.isPresent() || !resources.isEmpty()))
            throw wrongUsage("--features, --name and --resource go with --system; for a .drv file they follow from it");
        try {
            return file.isPresent()
                    ? Question.ofFile(file.get())
                    : Question.of(name, system.orElseThrow(), features, amounts());
        } catch (IllegalArgumentException e) {
            throw wrongUsage(String.valueOf(e.getMessage()), e);
        }
    }

    private SortedMap<String, Long> amounts() {
        var amounts = new TreeMap<String, Long>();
        resources.forEach((name, text) -> amounts.put(name, Amounts.amount(name, text)));
        return amounts;
    }

    /// What the settings and the drains make of it, which is all that there is to know before a start.
    private static ApiAnswer idle(Settings loaded, Question question) throws IOException, InterruptedException {
        var queue = new BuildQueue(List.of(), loaded.schedule(), InstantSource.system());
        try (var state = StateDatabase.existingIn(loaded.state())) {
            var drained = state.drains().load();
            queue.replace(Descriptions.applied(loaded.machines(), state.descriptions()).stream()
                    .map(MachineSnapshot::asConfigured)
                    .map(machine -> machine.withDrained(drained.containsKey(machine.name())))
                    .toList());
            var history = History.load(state.history(), History.DEFAULT_DURATION, InstantSource.system());
            return idle(loaded, question, queue, history);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot find out which machines are drained, and no dispatcher answers at "
                            + loaded.controlSocket(),
                    e.toString(),
                    "run this as the user that runs the dispatcher",
                    e);
        }
    }

    private static ApiAnswer idle(Settings loaded, Question question, BuildQueue queue, History history)
            throws IOException, InterruptedException {
        var requests = new BuildRequestFactory(
                new LearnedExpectations(history), loaded.resources(), new Locations(), new PathSizes());
        ExplainEndpoint.Prospects prospects =
                (drvPath, derivation) -> requests.prospect(drvPath, derivation, loaded.machines());
        return ApiAnswer.of(new ExplainEndpoint(queue, prospects).explain(question));
    }
}
