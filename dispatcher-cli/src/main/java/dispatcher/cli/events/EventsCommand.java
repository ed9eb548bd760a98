package dispatcher.cli.events;

import dispatcher.cli.api.event.FleetEvent;
import dispatcher.cli.command.ApiCommand;
import dispatcher.text.Printable;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher events`: what happens, for scripts.
@Command(
        name = "events",
        description = {
            "Print what has happened lately, a JSON object per line: builds, machines, drains, changes of settings.",
            "The last 8192 events since the start of the dispatcher are kept."
        },
        mixinStandardHelpOptions = true)
public final class EventsCommand extends ApiCommand {
    @Option(
            names = {"-f", "--follow"},
            description = "Print what happens from now on, until interrupted.")
    private boolean follow;

    @Option(
            names = "--since",
            paramLabel = "SEQ",
            description = "Only events after the one of this number (`seq`); with --follow, those first.")
    private Optional<Long> since = Optional.empty();

    @Override
    public Integer call() {
        var path = "%s?%s=%s%s"
                .formatted(
                        FleetEvent.PATH,
                        FleetEvent.FOLLOW,
                        follow,
                        since.map(after -> "&%s=%d".formatted(FleetEvent.AFTER, after))
                                .orElse(""));
        boolean listens = dispatcher().lines(path, line -> print(List.of(Printable.line(line))));
        if (!listens) throw noDispatcher("show events");
        return ExitCode.OK;
    }
}
