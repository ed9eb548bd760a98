package dispatcher.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// Entry point of the program. Exit status: 0 done, 1 failed, 2 wrong usage.
@Command(
        name = "dispatcher",
        description = "One Nix builder made of many SSH machines.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {VersionCommand.class})
public final class Main {

    private Main() {}

    /// @param args the command line; without a command the usage is shown
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main());
    }
}
