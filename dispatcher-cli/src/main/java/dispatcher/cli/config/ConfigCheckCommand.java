package dispatcher.cli.config;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.command.SettingsOption;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.text.Printable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `dispatcher config check`: what is wrong with a settings file, without putting it in force.
@Command(
        name = "check",
        description = {
            "Read the settings as `dispatcher serve` would, and show all faults, each with its line and key; also what"
                    + " is allowed and probably not meant, old names of keys, and machines that are not used as their"
                    + " entries have a fault.",
            "No machine is contacted: `dispatcher ping` does that."
        },
        footer = "Exit status 0 if there is no fault, else 1.",
        mixinStandardHelpOptions = true)
final class ConfigCheckCommand implements Callable<Integer> {
    /// What `--json` prints.
    private record Verdict(String file, boolean valid, List<Fault> faults, List<Fault> warnings) {}

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private ConfigCommand parent;

    @Mixin
    private SettingsOption settings;

    @Parameters(paramLabel = "FILE", arity = "0..1", description = "The settings, in place of --config.")
    private @Nullable Path file;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        var out = spec.commandLine().getOut();
        try {
            var read = read();
            if (json) out.println(json(read.file(), List.of(), read.remarks()));
            else lines(read, out);
            return ExitCode.OK;
        } catch (SettingsException e) {
            if (!json) throw e;
            out.println(json(e.files().getFirst(), e.faults(), List.of()));
            return ExitCode.SOFTWARE;
        } finally {
            out.flush();
        }
    }

    private Settings read() {
        return file == null ? settings.or(parent.settings()).load() : SettingsFile.load(file, Surroundings.ofProcess());
    }

    private static void lines(Settings read, PrintWriter out) {
        int machines = read.machines().size();
        out.println(Printable.line(
                "%s has no fault: %d %s".formatted(read.file(), machines, machines == 1 ? "machine" : "machines")));
        if (read.remarks().isEmpty()) return;
        out.println("not used, or probably not meant:");
        for (var remark : read.remarks()) out.println("  " + Printable.line(remark.toString()));
    }

    private static String json(Path file, List<Fault> faults, List<Fault> warnings) {
        return ApiJson.show(new Verdict(file.toString(), faults.isEmpty(), faults, warnings));
    }
}
