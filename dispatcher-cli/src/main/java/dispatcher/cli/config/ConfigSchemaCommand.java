package dispatcher.cli.config;

import dispatcher.cli.settings.document.SettingsSchema;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `dispatcher config schema`.
@Command(
        name = "schema",
        description = "Print a JSON schema (draft 2020-12) of settings files, for editors.",
        mixinStandardHelpOptions = true)
final class ConfigSchemaCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        var out = spec.commandLine().getOut();
        out.print(SettingsSchema.text());
        out.flush();
    }
}
