package dispatcher.cli.reload;

import dispatcher.cli.control.ControlHandler;
import dispatcher.cli.control.Fields;
import dispatcher.cli.control.FieldsBuilder;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.nix.json.Json;
import java.util.Map;

/// How the running dispatcher is told to read its settings again.
///
/// Request: `{"command":"reload"}`. Answer: `reloaded`; then either `changes` and `needRestart`, texts, and
/// `warnings`,
/// or `why`, `next` and `faults`. A warning or a fault has `file`, `line`, `key` and `message`.
public record ReloadRequests(Reloader reloader) {
    private static final String RELOAD = "reload";

    /// By their names.
    public Map<String, ControlHandler> handlers() {
        return Map.of(RELOAD, _ -> answer(reloader.reload("dispatcher reload")));
    }

    static Json.Members request() {
        return new FieldsBuilder().text("command", RELOAD).build();
    }

    static Json.Members answer(ReloadOutcome outcome) {
        return switch (outcome) {
            case ReloadOutcome.Done(var changes, var needRestart, var warnings) ->
                new FieldsBuilder()
                        .flag("reloaded", true)
                        .texts("changes", changes)
                        .texts("needRestart", needRestart)
                        .objects(
                                "warnings",
                                warnings.stream().map(ReloadRequests::fault).toList())
                        .build();
            case ReloadOutcome.Refused(var why, var next, var faults) ->
                new FieldsBuilder()
                        .flag("reloaded", false)
                        .text("why", why)
                        .text("next", next)
                        .objects(
                                "faults",
                                faults.stream().map(ReloadRequests::fault).toList())
                        .build();
        };
    }

    private static Json.Members fault(Fault fault) {
        return new FieldsBuilder()
                .text("file", fault.file())
                .number("line", fault.line())
                .text("key", fault.key())
                .text("message", fault.message())
                .build();
    }

    static Fault fault(Fields fault) {
        return new Fault(
                fault.text("file"), Math.toIntExact(fault.number("line")), fault.text("key"), fault.text("message"));
    }
}
