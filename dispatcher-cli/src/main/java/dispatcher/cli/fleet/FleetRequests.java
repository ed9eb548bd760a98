package dispatcher.cli.fleet;

import dispatcher.build.request.Prospect;
import dispatcher.cli.control.ControlHandler;
import dispatcher.cli.control.FieldsBuilder;
import dispatcher.cli.terminal.Spelling;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What can be asked and told about the machines and the queue of the running dispatcher.
///
/// Requests: `{"command":"machines"}`; `{"command":"queue","rows":…}`; `{"command":"drain","machine":…}` and `resume`,
/// answered with the machine and whether that changed anything; `{"command":"explain",…}`, which [Question] makes and
/// reads. [FleetAnswers] has the answers' shapes.
///
/// @param clock     the queue's
/// @param prospects of builds that are to be explained
public record FleetRequests(BuildQueue queue, Drains drains, Prospects prospects, InstantSource clock) {
    /// Tells what the scheduler would be told of a build.
    public interface Prospects {
        /// @throws NixSyntaxException if attributes of the derivation cannot be read
        Prospect of(StorePath drvPath, BasicDerivation derivation) throws IOException, InterruptedException;
    }

    private static final Logger log = LoggerFactory.getLogger("dispatcher");
    private static final String MACHINES = "machines";
    private static final String QUEUE = "queue";
    private static final String DRAIN = "drain";
    private static final String RESUME = "resume";
    static final String EXPLAIN = "explain";

    /// By their names.
    public Map<String, ControlHandler> handlers() {
        return Map.of(
                MACHINES,
                _ -> FleetAnswers.machines(queue.snapshot().machines(), clock.instant()),
                QUEUE,
                request -> FleetAnswers.queue(queue.snapshot(), request.number("rows"), clock.instant()),
                DRAIN,
                request -> drain(request.text("machine"), true),
                RESUME,
                request -> drain(request.text("machine"), false),
                EXPLAIN,
                request -> explain(queue, prospects, Question.of(request)));
    }

    static Json.Members machinesRequest() {
        return new FieldsBuilder().text("command", MACHINES).build();
    }

    static Json.Members queueRequest(long rows) {
        return new FieldsBuilder().text("command", QUEUE).number("rows", rows).build();
    }

    static Json.Members drainRequest(String machine, boolean drained) {
        return new FieldsBuilder()
                .text("command", drained ? DRAIN : RESUME)
                .text("machine", machine)
                .build();
    }

    private Json.Members drain(String name, boolean drained) {
        var known = queue.snapshot().machines().stream()
                .filter(view -> view.state() != MachineView.State.REMOVED)
                .map(view -> view.machine().name())
                .toList();
        if (!known.contains(name) && !(drains.names().contains(name) && !drained)) throw unknown(name, known);
        boolean changed;
        try {
            changed = drains.set(name, drained);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot write down that %s is %s; nothing has changed"
                            .formatted(name, drained ? "drained" : "not drained any more"),
                    e.toString(),
                    "see the dispatcher's state directory, and its disk",
                    e);
        }
        if (changed) log.atInfo().addKeyValue("machine", name).log(drained ? "machine drained" : "machine resumed");
        var fields = new FieldsBuilder().text("name", name).flag("changed", changed);
        queue.snapshot().machines().stream()
                .filter(view -> view.machine().name().equals(name))
                .findFirst()
                .ifPresent(view -> fields.object("machine", FleetAnswers.machine(view)));
        return fields.build();
    }

    private static UserFacingException unknown(String name, List<String> known) {
        return new UserFacingException(
                "there is no machine " + name,
                "the running dispatcher has none of that name" + Spelling.hint(name, known),
                "see `dispatcher machines`");
    }

    /// Answers for the dispatcher, or without one for a queue in which nothing happens.
    static Json.Members explain(BuildQueue queue, Prospects prospects, Question question)
            throws IOException, InterruptedException {
        Prospect prospect;
        try {
            prospect = prospects.of(question.drvPath(), question.derivation()).taking(question.resources());
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        return FleetAnswers.explanation(
                queue.explain(prospect.request(), Set.of()),
                prospect,
                question.unread(),
                queue.snapshot().waiting().size());
    }
}
