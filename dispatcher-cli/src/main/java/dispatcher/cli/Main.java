package dispatcher.cli;

import dispatcher.cli.actions.CancelCommand;
import dispatcher.cli.actions.RaiseCommand;
import dispatcher.cli.actions.RetryCommand;
import dispatcher.cli.builders.BuildersCommand;
import dispatcher.cli.builders.HostKeySource;
import dispatcher.cli.config.ConfigCommand;
import dispatcher.cli.dialin.MachineUnitCommand;
import dispatcher.cli.doctor.DoctorCommand;
import dispatcher.cli.doctor.LocalPrograms;
import dispatcher.cli.drain.DrainCommand;
import dispatcher.cli.drain.ResumeCommand;
import dispatcher.cli.events.EventsCommand;
import dispatcher.cli.explain.ExplainCommand;
import dispatcher.cli.external.ExternalBuilderCommand;
import dispatcher.cli.graph.GraphCommand;
import dispatcher.cli.history.HistoryCommand;
import dispatcher.cli.init.Asker;
import dispatcher.cli.init.InitCommand;
import dispatcher.cli.machines.MachinesCommand;
import dispatcher.cli.manual.CompletionCommand;
import dispatcher.cli.manual.ManCommand;
import dispatcher.cli.ondemand.MachineCommand;
import dispatcher.cli.ping.PingCommand;
import dispatcher.cli.queue.QueueCommand;
import dispatcher.cli.records.BuildCommand;
import dispatcher.cli.records.BuildsCommand;
import dispatcher.cli.records.CostsCommand;
import dispatcher.cli.records.LoadCommand;
import dispatcher.cli.records.LogCommand;
import dispatcher.cli.records.TimelineCommand;
import dispatcher.cli.reload.ReloadCommand;
import dispatcher.cli.serve.ServeCommand;
import dispatcher.cli.simulate.SimulateCommand;
import dispatcher.cli.spool.SpoolCommand;
import dispatcher.cli.status.StatusCommand;
import dispatcher.cli.terminal.ErrorRenderer;
import dispatcher.cli.terminal.ExitStatus;
import dispatcher.cli.terminal.Terminal;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.cli.top.TopCommand;
import dispatcher.text.Spelling;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// Entry point of the program. Exit status: 0 done, 1 failed, 2 wrong usage, or one of [ExitStatus].
@Command(
        name = "dispatcher",
        description = "One Nix builder made of many SSH machines.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.class,
        synopsisSubcommandLabel = "COMMAND")
public final class Main {
    private static final List<String> COMMANDS = List.of(
            "init",
            "serve",
            "ping",
            "doctor",
            "builders",
            "external-builder",
            "machines",
            "machine",
            "queue",
            "events",
            "cancel",
            "retry",
            "raise",
            "builds",
            "status",
            "top",
            "build",
            "log",
            "timeline",
            "load",
            "costs",
            "graph",
            "explain",
            "drain",
            "resume",
            "reload",
            "config",
            "spool",
            "history",
            "simulate",
            "completion",
            "man",
            "version");

    /// Those that talk to machines or have threads of their own. The others ask, print and end: they log nothing.
    private static final Set<String> BUSY =
            Set.of("init", "serve", "ping", "doctor", "builders", "external-builder", "top", "simulate");

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Log in detail, and show stack traces of errors.")
    private boolean debug;

    private Main() {}

    /// @param args the command line
    public static void main(String[] args) {
        Logging.configure(Arrays.asList(args).contains("--debug"), System.getenv());
        boolean busy = BUSY.contains(firstWord(args));
        if (busy) Logging.prepare();
        int status = commandLine(args).execute(args);
        if (busy) System.exit(status);
        // The JVM logs an exit, and would load the logging library for it. That takes a third of a short command's
        // time.
        if (status != ExitCode.OK) halt(status);
    }

    private static void halt(int status) {
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(status);
    }

    /// The first that is no option, or nothing; `lib/launch.sh` goes by the same.
    private static String firstWord(String... args) {
        return Arrays.stream(args)
                .filter(word -> !word.startsWith("-"))
                .findFirst()
                .orElse("");
    }

    /// Knows only the command that the line begins with, if it begins with one: each that is known costs time.
    static CommandLine commandLine(String... args) {
        return commandLine(new SshHostKey(), args);
    }

    static CommandLine commandLine(HostKeySource hostKeys, String... args) {
        var wanted = args.length > 0 && COMMANDS.contains(args[0]) ? List.of(args[0]) : COMMANDS;
        var main = new Main();
        var line = new CommandLine(main);
        for (var name : wanted) line.addSubcommand(name, command(name, hostKeys));
        return line.setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.out()))
                .setParameterExceptionHandler(Main::usage)
                .setExecutionExceptionHandler((e, command, parsed) -> main.failed(e, command.getErr()));
    }

    /// Not a table of constructor references: with one of `VersionCommand`, JDK 25 crashes when it writes an AOT
    /// cache.
    private static Object command(String name, HostKeySource hostKeys) {
        return switch (name) {
            case "serve" -> new ServeCommand(VersionCommand.programVersion());
            case "init" -> new InitCommand(hostKeys, SshConnections::new, new LocalPrograms(), Asker.ofProcess());
            case "ping" -> new PingCommand(SshConnections::new);
            case "doctor" -> new DoctorCommand(SshConnections::new, new LocalPrograms());
            case "builders" -> new BuildersCommand(hostKeys);
            case "external-builder" -> new ExternalBuilderCommand();
            case "machines" -> new MachinesCommand();
            case "machine" -> new CommandLine(new MachineCommand()).addSubcommand(new MachineUnitCommand(hostKeys));
            case "queue" -> new QueueCommand();
            case "events" -> new EventsCommand();
            case "cancel" -> new CancelCommand();
            case "retry" -> new RetryCommand();
            case "raise" -> new RaiseCommand();
            case "status" -> new StatusCommand();
            case "top" -> new TopCommand();
            case "builds" -> new BuildsCommand();
            case "build" -> new BuildCommand();
            case "log" -> new LogCommand();
            case "timeline" -> new TimelineCommand();
            case "load" -> new LoadCommand();
            case "costs" -> new CostsCommand();
            case "graph" -> new GraphCommand();
            case "explain" -> new ExplainCommand();
            case "drain" -> new DrainCommand();
            case "resume" -> new ResumeCommand();
            case "reload" -> new ReloadCommand();
            case "config" -> new ConfigCommand();
            case "spool" -> new SpoolCommand();
            case "history" -> new HistoryCommand();
            case "simulate" -> new SimulateCommand();
            case "completion" -> new CompletionCommand(() -> commandLine(hostKeys));
            case "man" -> new ManCommand(() -> commandLine(hostKeys), VersionCommand.programVersion());
            case "version" -> new VersionCommand();
            default -> throw new IllegalArgumentException(name);
        };
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

    /// A command as picocli finds it, or an option by [Spelling].
    private static String suggestion(ParameterException error) {
        if (!(error instanceof UnmatchedArgumentException unmatched)) return "";
        var wrong = unmatched.getUnmatched().getFirst();
        var command = wrong.startsWith("-")
                ? Optional.<String>empty()
                : unmatched.getSuggestions().stream().findFirst();
        return command.or(() -> Spelling.nearest(
                        wrong,
                        error.getCommandLine().getCommandSpec().optionsMap().keySet()))
                .map("did you mean '%s'? Else "::formatted)
                .orElse("");
    }

    private int failed(Exception e, PrintWriter err) {
        if (debug) e.printStackTrace(err);
        int status = ExitCode.SOFTWARE;
        switch (e) {
            case UserFacingException error -> err.print(ErrorRenderer.render(error, Terminal.err()));
            case InterruptedException interrupted -> status = ExitStatus.INTERRUPTED;
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
