package dispatcher.cli.ondemand;

import dispatcher.cli.api.MachinePower;
import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.machines.MachineAnswers;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.MachineSize;
import dispatcher.machine.demand.MachineLifecycle;
import dispatcher.machine.demand.MachinesOnDemand;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.MachineState;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Shows, starts and stops machines of the running dispatcher. Nothing here waits for a machine.
public record OnDemandEndpoints(BuildQueue queue, MachinesOnDemand machines, InstantSource clock) {
    /// Lines of what a machine itself printed.
    private static final int PRINTED = 100;

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(MachinePower.STATUS_PATH, request -> power(known(request))),
                Endpoint.post(MachinePower.START_PATH, request -> change(request, MachineLifecycle::requestStart)),
                Endpoint.post(MachinePower.STOP_PATH, request -> change(request, it -> it.requestStop(false))),
                Endpoint.post(MachinePower.RESTART_PATH, request -> change(request, it -> it.requestStop(true))),
                Endpoint.post(MachinePower.RESIZE_PATH, this::resize),
                Endpoint.get(MachinePower.LOGS_PATH, this::log));
    }

    private MachinePower change(ApiRequest request, Consumer<MachineLifecycle> action) {
        var name = known(request);
        action.accept(onDemand(name));
        return power(name);
    }

    private MachinePower resize(ApiRequest request) throws InterruptedException {
        var name = known(request);
        var size = request.body(MachinePower.Size.class);
        try {
            onDemand(name).resize(new MachineSize(size.cores(), size.memory(), size.disk()));
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot resize " + name,
                    String.valueOf(e.getMessage()),
                    "see \"Machines on demand\" in docs/OPERATING.md",
                    e);
        }
        return power(name);
    }

    private MachinePower power(String name) {
        var now = clock.instant();
        return new MachinePower(name, now, lifecycle(name).map(it -> MachineAnswers.onDemand(it.view(), now)));
    }

    private MachinePower.Log log(ApiRequest request) throws InterruptedException {
        var name = known(request);
        var lifecycle = onDemand(name);
        return new MachinePower.Log(
                name,
                lifecycle.log().stream()
                        .map(line -> new MachinePower.Line(line.at(), line.text()))
                        .toList(),
                lifecycle.tail(PRINTED));
    }

    private Optional<MachineLifecycle> lifecycle(String name) {
        return machines.of(name);
    }

    private MachineLifecycle onDemand(String name) {
        return lifecycle(name)
                .orElseThrow(() -> new UserFacingException(
                        name + " is not started or stopped by the dispatcher",
                        "its entry in the settings has no `onDemand`",
                        "see `onDemand` in docs/SETTINGS.md, or `dispatcher drain` to take it out of use"));
    }

    private String known(ApiRequest request) {
        var name = request.parameter(MachinePower.NAME).orElse("");
        var known = queue.snapshot().machines().stream()
                .filter(view -> view.state() != MachineState.REMOVED)
                .map(view -> view.machine().name())
                .toList();
        if (known.contains(name)) return name;
        throw new UnknownThingException(
                "there is no machine " + name,
                "the running dispatcher has none of that name" + Spelling.hint(name, known),
                "see `dispatcher machines`");
    }
}
