package dispatcher.cli.drain;

import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.machines.MachineAnswers;
import dispatcher.cli.state.Drain;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.MachineState;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How machines of the running dispatcher are drained and resumed.
///
/// @param witness hears of each change
public record DrainEndpoints(BuildQueue queue, Drains drains, Witness witness, InstantSource clock) {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    /// Hears of changes, on the thread of the request.
    @FunctionalInterface
    public interface Witness {
        Witness NONE = (_, _, _, _) -> {};

        /// @param by   who asked, where that is known
        /// @param note of that person
        void changed(String machine, boolean drained, Optional<String> by, Optional<String> note);
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(DrainRequest.DRAIN_PATH, request -> change(request, true)),
                Endpoint.post(DrainRequest.RESUME_PATH, request -> change(request, false)));
    }

    private DrainAnswer change(ApiRequest request, boolean drained) {
        var wanted = request.body(DrainRequest.class);
        var name = wanted.machine();
        var known = queue.snapshot().machines().stream()
                .filter(view -> view.state() != MachineState.REMOVED)
                .map(view -> view.machine().name())
                .toList();
        if (!known.contains(name) && !(drains.names().contains(name) && !drained)) throw unknown(name, known);
        var drain = new Drain(Optional.of(clock.instant()), by(request, wanted), wanted.note());
        var change = write(name, drained, drain);
        if (change != Drains.Change.NOTHING) {
            log.atInfo()
                    .addKeyValue("machine", name)
                    .addKeyValue("by", drain.by().orElse("?"))
                    .addKeyValue("note", drain.note().orElse(""))
                    .log(drained ? "machine drained" : "machine resumed");
            witness.changed(name, drained, drain.by(), drain.note());
        }
        return new DrainAnswer(
                name,
                change == Drains.Change.STATE,
                queue.snapshot().machines().stream()
                        .filter(view -> view.machine().name().equals(name))
                        .findFirst()
                        .map(MachineAnswers::of)
                        .map(drains::with));
    }

    /// A name that a reverse proxy vouches for counts, whatever else the request says of who does it.
    private static Optional<String> by(ApiRequest request, DrainRequest wanted) {
        return request.user()
                .filter(user -> !user.equals(ApiRequest.TOKEN))
                .or(wanted::by)
                .or(request::user);
    }

    private Drains.Change write(String name, boolean drained, Drain drain) {
        try {
            return drained ? drains.drain(name, drain) : drains.resume(name);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot write down that %s is %s; nothing has changed"
                            .formatted(name, drained ? "drained" : "not drained any more"),
                    e.toString(),
                    "see the dispatcher's state directory, and its disk",
                    e);
        }
    }

    private static UserFacingException unknown(String name, List<String> known) {
        return new UnknownThingException(
                "there is no machine " + name,
                "the running dispatcher has none of that name" + Spelling.hint(name, known),
                "see `dispatcher machines`");
    }
}
