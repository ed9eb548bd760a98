package dispatcher.cli;

import dispatcher.cli.api.ApiJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `dispatcher version`: one line with the program's version and that of the Java it runs on.
@Command(
        name = "version",
        description = "Show the version of the program and of its Java runtime.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.class)
public final class VersionCommand implements Runnable, IVersionProvider {

    /// What `--json` prints.
    private record Versions(String version, String java) {}

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? json() : line());
        out.flush();
    }

    @Override
    public String[] getVersion() {
        return new String[] {line()};
    }

    private static String line() {
        return "dispatcher %s (java %s)".formatted(programVersion(), Runtime.version());
    }

    private static String json() {
        return ApiJson.show(new Versions(programVersion(), Runtime.version().toString()));
    }

    /// As in the release's name.
    static String programVersion() {
        try (InputStream resource = Objects.requireNonNull(
                VersionCommand.class.getResourceAsStream("version.properties"), "version.properties is not built in")) {
            Properties properties = new Properties();
            properties.load(resource);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
