package dispatcher.cli.config;

import dispatcher.cli.command.SettingsOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `dispatcher config`: checks and explains settings. It needs no running dispatcher and no machine.
@Command(
        name = "config",
        description = "Check a settings file, or explain what can be in one.",
        subcommands = {
            ConfigCheckCommand.class,
            ConfigExampleCommand.class,
            ConfigReferenceCommand.class,
            ConfigSchemaCommand.class
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class ConfigCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOption settings;

    SettingsOption settings() {
        return settings;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing required subcommand");
    }
}
