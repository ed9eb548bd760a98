package dispatcher.cli.top;

import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.action.BuildAction;
import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.command.Operator;
import dispatcher.cli.terminal.UserFacingException;
import java.util.Optional;

/// Has the dispatcher do what the user wants.
record Orders(ApiClient dispatcher) {
    /// @return what came of it, in a line
    String carryOut(Order order) {
        try {
            return switch (order) {
                case Order.Drain(var machine) ->
                    post(DrainRequest.DRAIN_PATH, request(machine))
                            .map(answer -> answer.printable(DrainAnswer.class).name() + " is drained")
                            .orElse(Fleet.GONE);
                case Order.Resume(var machine) ->
                    post(DrainRequest.RESUME_PATH, request(machine))
                            .map(answer -> answer.printable(DrainAnswer.class).name() + " may have builds again")
                            .orElse(Fleet.GONE);
                case Order.Cancel(var drv, var reason) ->
                    post(
                                    BuildAction.CANCEL_PATH,
                                    new BuildAction(
                                            drv,
                                            Optional.of(reason).filter(text -> !text.isEmpty()),
                                            Optional.of(Operator.name())))
                            .map(answer ->
                                    answer.printable(BuildAction.Answer.class).drv() + " is cancelled")
                            .orElse(Fleet.GONE);
            };
        } catch (UserFacingException e) {
            return "%s: %s".formatted(e.what(), e.why());
        }
    }

    private static DrainRequest request(String machine) {
        return new DrainRequest(machine, Optional.empty(), Optional.of(Operator.name()));
    }

    private Optional<ApiAnswer> post(String path, Object body) {
        return dispatcher.post(path, body);
    }
}
