package dispatcher.cli.drain;

import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.machines.MachineAnswers;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.MachineState;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How machines of the running dispatcher are drained and resumed.
///
/// @param witness hears of each change
public record DrainEndpoints(BuildQueue queue, Drains drains, Witness witness) {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    /// Hears of changes, on the thread of the request.
    @FunctionalInterface
    public interface Witness {
        Witness NONE = (_, _, _) -> {};

        /// @param by who asked, where that is known
        void changed(String machine, boolean drained, Optional<String> by);
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(DrainRequest.DRAIN_PATH, request -> drain(request, true)),
                Endpoint.post(DrainRequest.RESUME_PATH, request -> drain(request, false)));
    }

    private DrainAnswer drain(ApiRequest request, boolean drained) {
        var name = request.body(DrainRequest.class).machine();
        var known = queue.snapshot().machines().stream()
                .filter(view -> view.state() != MachineState.REMOVED)
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
        if (changed) {
            log.atInfo().addKeyValue("machine", name).log(drained ? "machine drained" : "machine resumed");
            witness.changed(name, drained, request.user());
        }
        return new DrainAnswer(
                name,
                changed,
                queue.snapshot().machines().stream()
                        .filter(view -> view.machine().name().equals(name))
                        .findFirst()
                        .map(MachineAnswers::of));
    }

    private static UserFacingException unknown(String name, List<String> known) {
        return new UnknownThingException(
                "there is no machine " + name,
                "the running dispatcher has none of that name" + Spelling.hint(name, known),
                "see `dispatcher machines`");
    }
}
