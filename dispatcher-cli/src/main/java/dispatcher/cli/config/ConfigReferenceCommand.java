package dispatcher.cli.config;

import dispatcher.cli.settings.document.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `dispatcher config reference`.
@Command(name = "reference", description = "Print a table of all keys, in Markdown.", mixinStandardHelpOptions = true)
final class ConfigReferenceCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        var out = spec.commandLine().getOut();
        out.print(Reference.text());
        out.flush();
    }
}
