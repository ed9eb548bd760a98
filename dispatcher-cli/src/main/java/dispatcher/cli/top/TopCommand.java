package dispatcher.cli.top;

import dispatcher.cli.command.ApiCommand;
import dispatcher.cli.terminal.Terminal;
import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.InfoCmp.Capability;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// `dispatcher top`: the fleet on the whole terminal.
@Command(
        name = "top",
        description = {
            "Show machines, running builds and the queue on the whole terminal, as they change.",
            "Keys: arrows choose a row, Tab the list, / filters, d drains and r resumes the chosen machine, c cancels the"
                    + " chosen build, ? explains them all, q quits."
        },
        mixinStandardHelpOptions = true)
public final class TopCommand extends ApiCommand {
    private static final int USUAL_WIDTH = 80;
    private static final int INPUT = 0;
    private static final int OUTPUT = 1;

    @Option(names = "--once", description = "Print all of it once, as text, as wide as the terminal or $COLUMNS.")
    private boolean once;

    @Override
    public Integer call() throws IOException {
        if (isJson())
            throw wrongUsage("top is for people; `dispatcher status --json` and `dispatcher events` are for scripts");
        if (!once && !(Terminal.isTerminal(INPUT) && Terminal.isTerminal(OUTPUT)))
            throw wrongUsage(
                    "standard input and output are not both a terminal; `dispatcher status` prints what is going"
                            + " on, `dispatcher events --follow` what happens, `dispatcher top --once` one screen");
        var reader = new FleetReader(dispatcher(), new Phases());
        if (once) {
            reader.catchUp();
            var frame = new Frame(first(reader), Optional.empty(), Screen.FIRST, width(System.getenv()), 0);
            print(frame.text(Terminal.out().enabled()));
        } else show(reader);
        return ExitCode.OK;
    }

    private Picture first(FleetReader reader) {
        return reader.read().orElseThrow(() -> noDispatcher("show the fleet"));
    }

    private static int width(Map<String, String> environment) throws IOException {
        if (Terminal.isTerminal(OUTPUT)) {
            try (var terminal = TerminalBuilder.builder().system(true).build()) {
                int columns = terminal.getSize().getColumns();
                if (columns > 0) return columns;
            }
        }
        try {
            return Math.clamp(Long.parseLong(environment.getOrDefault("COLUMNS", "")), 1, 10_000);
        } catch (NumberFormatException e) {
            return USUAL_WIDTH;
        }
    }

    private void show(FleetReader reader) throws IOException {
        try (var terminal = TerminalBuilder.builder()
                        .system(true)
                        .dumb(false)
                        .nativeSignals(true)
                        .build();
                var fleet = new Fleet(reader, first(reader))) {
            if (terminal.getStringCapability(Capability.cursor_address) == null)
                throw new UserFacingException(
                        "cannot draw on this terminal",
                        "TERM is '%s', of which nobody knows how to move its cursor".formatted(terminal.getType()),
                        "set TERM to what the terminal is, such as xterm-256color, or use `dispatcher status`");
            fleet.start();
            var orders = new Orders(dispatcher());
            try (var screen = new TopScreen(terminal, fleet::sight, order -> {
                var said = orders.carryOut(order);
                fleet.refreshSoon();
                return said;
            })) {
                // For signals, which end the program past the end of this block.
                var hook = Thread.ofPlatform().name("restore the terminal").unstarted(screen::close);
                Runtime.getRuntime().addShutdownHook(hook);
                screen.run();
            }
        }
    }
}
