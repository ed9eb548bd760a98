package dispatcher.cli.reload;

import dispatcher.cli.api.ReloadAnswer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.settings.yaml.Fault;
import java.util.List;
import java.util.Optional;

/// How the running dispatcher is asked to read its settings again.
public record ReloadEndpoint(Reloader reloader) {
    public Endpoint endpoint() {
        return Endpoint.post(ReloadAnswer.PATH, _ -> answer(reloader.reload("dispatcher reload")));
    }

    static ReloadAnswer answer(ReloadOutcome outcome) {
        return switch (outcome) {
            case ReloadOutcome.Done(var changes, var needRestart, var warnings) ->
                new ReloadAnswer(
                        true,
                        Optional.of(changes),
                        Optional.of(needRestart),
                        Optional.of(lines(warnings)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            case ReloadOutcome.Refused(var why, var next, var faults) ->
                new ReloadAnswer(
                        false,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(why),
                        Optional.of(next),
                        Optional.of(lines(faults)));
        };
    }

    private static List<ReloadAnswer.FaultLine> lines(List<Fault> faults) {
        return faults.stream()
                .map(fault -> new ReloadAnswer.FaultLine(fault.file(), fault.line(), fault.key(), fault.message()))
                .toList();
    }
}
