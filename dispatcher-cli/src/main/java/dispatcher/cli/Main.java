package dispatcher.cli;

import dispatcher.cli.builders.BuildersCommand;
import dispatcher.cli.builders.HostKeySource;
import dispatcher.cli.ping.PingCommand;
import dispatcher.cli.serve.ServeCommand;
import dispatcher.cli.terminal.ErrorRenderer;
import dispatcher.cli.terminal.Spelling;
import dispatcher.cli.terminal.Terminal;
import dispatcher.cli.terminal.UserFacingException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.HashSet;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// Entry point of the program. Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
@Command(
        name = "dispatcher",
        description = "One Nix builder made of many SSH machines.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.class,
        synopsisSubcommandLabel = "COMMAND")
public final class Main {
    private static final int INTERRUPTED = 130;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Log in detail, and show stack traces of errors.")
    private boolean debug;

    private Main() {}

    /// @param args the command line
    public static void main(String[] args) {
        Logging.configure(Arrays.asList(args).contains("--debug"), System.getenv());
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return commandLine(new SshHostKey());
    }

    static CommandLine commandLine(HostKeySource hostKeys) {
        var main = new Main();
        return new CommandLine(main)
                .addSubcommand(new ServeCommand(VersionCommand.programVersion()))
                .addSubcommand(new VersionCommand())
                .addSubcommand(new BuildersCommand(hostKeys))
                .addSubcommand(new PingCommand(SshConnections::new))
                .setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.out()))
                .setParameterExceptionHandler(Main::usage)
                .setExecutionExceptionHandler((e, command, parsed) -> main.failed(e, command.getErr()));
    }

    private static int usage(ParameterException error, String[] args) {
        var command = error.getCommandLine();
        var err = command.getErr();
        var name = command.getCommandSpec().qualifiedName();
        err.print(ErrorRenderer.render(
                new UserFacingException(
                        "wrong usage of " + name,
                        String.valueOf(error.getMessage()),
                        "%ssee `%s --help`".formatted(suggestion(error), name)),
                Terminal.err()));
        err.flush();
        return ExitCode.USAGE;
    }

    private static String suggestion(ParameterException error) {
        if (!(error instanceof UnmatchedArgumentException unmatched)) return "";
        var command = error.getCommandLine().getCommandSpec();
        var words = new HashSet<>(command.subcommands().keySet());
        words.addAll(command.optionsMap().keySet());
        return Spelling.nearest(unmatched.getUnmatched().getFirst(), words)
                .map("did you mean '%s'? Else "::formatted)
                .orElse("");
    }

    private int failed(Exception e, PrintWriter err) {
        if (debug) e.printStackTrace(err);
        int status = ExitCode.SOFTWARE;
        switch (e) {
            case UserFacingException error -> err.print(ErrorRenderer.render(error, Terminal.err()));
            case InterruptedException interrupted -> status = INTERRUPTED;
            default -> err.print(ErrorRenderer.render(unexpected(e), Terminal.err()));
        }
        err.flush();
        return status;
    }

    private UserFacingException unexpected(Exception e) {
        return new UserFacingException(
                "something went wrong that should not",
                e.toString(),
                debug
                        ? "report this with the lines above"
                        : "run the command again with --debug, and report what it shows",
                e);
    }
}
