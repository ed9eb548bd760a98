package dispatcher.cli.actions;

import dispatcher.build.control.BuildControls;
import dispatcher.build.control.Intervention;
import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.action.BuildAction;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.BuildQueue;
import dispatcher.text.Printable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What operators do to builds of the running dispatcher, as the API has it.
public record BuildActions(BuildControls controls, BuildQueue queue, BuildRecorder records) {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(BuildAction.CANCEL_PATH, request -> cancel(action(request))),
                Endpoint.post(BuildAction.RETRY_PATH, request -> retry(action(request))),
                Endpoint.post(BuildAction.RAISE_PATH, request -> raise(action(request))));
    }

    /// A name that a reverse proxy vouches for counts, whatever else the request says of who does it.
    private static BuildAction action(ApiRequest request) {
        var action = request.body(BuildAction.class);
        return action.doneBy(
                request.user().filter(user -> !user.equals(ApiRequest.TOKEN)).or(action::by));
    }

    private BuildAction.Answer cancel(BuildAction action) throws IOException {
        var drvPath = find(action.build());
        int builds = controls.cancel(drvPath, intervention(action));
        if (builds == 0) throw over(drvPath);
        return new BuildAction.Answer(drvPath.toString(), builds, List.of());
    }

    private BuildAction.Answer retry(BuildAction action) throws IOException {
        var drvPath = find(action.build());
        var machines = controls.move(drvPath, intervention(action));
        if (machines.isEmpty())
            throw new UserFacingException(
                    "%s is not on a machine".formatted(drvPath),
                    "it still waits for one, or it is over",
                    "see `dispatcher queue` and `dispatcher machines`");
        return new BuildAction.Answer(drvPath.toString(), machines.size(), machines);
    }

    private BuildAction.Answer raise(BuildAction action) throws IOException {
        var drvPath = find(action.build());
        int builds = queue.raise(drvPath);
        if (builds == 0)
            throw new UserFacingException(
                    "%s does not wait for a machine".formatted(drvPath),
                    "it has one already, or has been raised before",
                    "see `dispatcher queue` and `dispatcher machines`");
        var why = intervention(action);
        log.atInfo()
                .addKeyValue("drv", drvPath.derivationName())
                .addKeyValue("by", why.by())
                .addKeyValue("reason", why.reason())
                .log("build raised in the queue");
        return new BuildAction.Answer(drvPath.toString(), builds, List.of());
    }

    private static Intervention intervention(BuildAction action) {
        return new Intervention(action.by().orElse(""), action.reason().orElse(""));
    }

    /// The derivation that a person means.
    private StorePath find(String build) throws IOException {
        if (build.matches("\\d{1,18}")) return ofRecord(Long.parseLong(build));
        var name = build.substring(build.lastIndexOf('/') + 1);
        var found = controls.drvPaths().stream()
                .filter(path -> path.toString().equals(name)
                        || path.derivationName().equals(name)
                        || path.name().equals(name))
                .toList();
        if (found.size() == 1) return found.getFirst();
        if (found.isEmpty())
            throw new UnknownThingException(
                    "no build of %s waits or runs".formatted(Printable.line(name)),
                    "the dispatcher has none of that name now",
                    "see `dispatcher builds`, `dispatcher queue` and `dispatcher machines`");
        throw new UserFacingException(
                "%d builds have the name %s".formatted(found.size(), name),
                String.join(", ", found.stream().map(StorePath::toString).toList()),
                "name one of these, or the id of the build");
    }

    private StorePath ofRecord(long id) throws IOException {
        Optional<BuildRecord> record = records.find(id);
        if (record.isEmpty())
            throw new UnknownThingException(
                    "there is no build " + id, "it was never there, or its record is gone", "see `dispatcher builds`");
        if (record.get().outcome().isOver()) throw over(record.get().drvPath());
        return record.get().drvPath();
    }

    private static UserFacingException over(StorePath drvPath) {
        return new UserFacingException(
                "%s neither waits nor runs".formatted(drvPath), "it is over", "see `dispatcher builds`");
    }
}
