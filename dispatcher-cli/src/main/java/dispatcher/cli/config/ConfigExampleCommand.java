package dispatcher.cli.config;

import dispatcher.cli.settings.document.ExampleFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `dispatcher config example`.
@Command(
        name = "example",
        description = "Print a settings file that works and explains every key.",
        mixinStandardHelpOptions = true)
final class ConfigExampleCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        var out = spec.commandLine().getOut();
        out.print(ExampleFile.text());
        out.flush();
    }
}
