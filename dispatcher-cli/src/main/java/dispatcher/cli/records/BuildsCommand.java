package dispatcher.cli.records;

import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.settings.value.Durations;
import dispatcher.cli.terminal.Terminal;
import dispatcher.record.BuildRecord.Outcome;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher builds`: builds that go on and that are over.
@Command(
        name = "builds",
        description = {
            "Show builds, the newest first: who asked, where they went, what they waited for and took, and how they ended.",
            "`dispatcher build ID` shows one of them, `dispatcher log ID` its log. The running dispatcher is asked; if"
                    + " none runs, its records are read."
        },
        mixinStandardHelpOptions = true)
public final class BuildsCommand extends ApiCommand {
    @Option(
            names = {"-n", "--rows"},
            paramLabel = "N",
            description = "How many to show, at most 1,000. Default: ${DEFAULT-VALUE}.",
            defaultValue = "20")
    private int rows;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Only those asked for since then: for how long, such as 2h, or a time such as"
                    + " 2026-01-31T12:00:00Z.")
    private @Nullable String since;

    @Option(names = "--name", paramLabel = "NAME", description = "Only derivations whose name begins so.")
    private @Nullable String name;

    @Option(names = "--machine", paramLabel = "NAME", description = "Only those that were on this machine last.")
    private @Nullable String machine;

    @Option(names = "--client", paramLabel = "NAME", description = "Only those of this client.")
    private @Nullable String client;

    @Option(names = "--failed", description = "Only those that failed, or that no machine could build.")
    private boolean failed;

    @Option(names = "--running", description = "Only those that wait or run.")
    private boolean running;

    @Option(names = "--before", paramLabel = "ID", description = "Only those with a smaller number: the next page.")
    private @Nullable Long before;

    @Override
    public Integer call() {
        if (rows < 1 || rows > RecordEndpoints.MOST_ROWS)
            throw wrongUsage("--rows %d is not from 1 to %d".formatted(rows, RecordEndpoints.MOST_ROWS));
        if (failed && running) throw wrongUsage("--failed and --running exclude each other");
        var answer = new RecordAccess(state(), dispatcher()).builds(parameters());
        show(answer, () -> new BuildsReport(answer.printable(BuildsAnswer.class)).lines(Terminal.out()));
        return ExitCode.OK;
    }

    private Map<String, String> parameters() {
        var parameters = new LinkedHashMap<String, String>();
        parameters.put(RecordEndpoints.ROWS, Integer.toString(rows));
        put(parameters, RecordEndpoints.NAME, name);
        put(parameters, RecordEndpoints.MACHINE, machine);
        put(parameters, RecordEndpoints.CLIENT, client);
        if (before != null) parameters.put(RecordEndpoints.BEFORE, Long.toString(before));
        if (since != null) parameters.put(RecordEndpoints.SINCE, instant(since).toString());
        if (failed) parameters.put(RecordEndpoints.OUTCOME, outcomes(Outcome.FAILED, Outcome.REFUSED));
        if (running) parameters.put(RecordEndpoints.OUTCOME, outcomes(Outcome.WAITING, Outcome.RUNNING));
        return parameters;
    }

    private static void put(Map<String, String> parameters, String key, @Nullable String value) {
        if (value != null) parameters.put(key, value);
    }

    private static String outcomes(Outcome one, Outcome other) {
        return RecordEndpoints.text(one) + "," + RecordEndpoints.text(other);
    }

    private Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException notATime) {
            try {
                return Instant.now().minus(Durations.parse(text));
            } catch (IllegalArgumentException e) {
                throw wrongUsage(
                        "--since '%s' is neither a duration, such as 2h, nor a time, such as 2026-01-31T12:00:00Z"
                                .formatted(text),
                        e);
            }
        }
    }
}
