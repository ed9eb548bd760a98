package dispatcher.cli.external;

import dispatcher.cli.command.SettingsOption;
import dispatcher.cli.terminal.ErrorRenderer;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.Failures;
import dispatcher.text.Printable;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `dispatcher external-builder`. Exit status: 0 built, 1 the build failed, 75 no fault of the build.
///
/// Nix reads one line that begins with the byte 2 before it takes what follows for the build's log; it takes the end of
/// our output for our end.
@Command(
        name = "external-builder",
        description = {
            "Build what Nix on this host describes, on a machine of the dispatcher. Nix 2.32 and later run this"
                    + " program themselves, by the setting `external-builders` of their nix.conf:",
            "external-builders = [{\"systems\": [\"aarch64-linux\"], \"program\": \"/opt/dispatcher/bin/dispatcher\","
                    + " \"args\": [\"external-builder\", \"--socket\", \"/run/dispatcher/dispatcher.sock\"]}]."
        },
        mixinStandardHelpOptions = true)
public final class ExternalBuilderCommand implements Callable<Integer> {
    private static final String IS_SET_UP = "\u0002\n";
    private static final int FAILED = 1;

    /// As `EX_TEMPFAIL` of sysexits.h.
    private static final int NO_FAULT_OF_THE_BUILD = 75;

    @Mixin
    private SettingsOption settings;

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "Where the dispatcher listens for clients on this host, if not at listen.socket of the"
                    + " settings, which the users that Nix builds as need not be able to read then.")
    private Optional<Path> socket = Optional.empty();

    @Option(
            names = "--machine",
            paramLabel = "NAME",
            description = "Build on that machine of the dispatcher, and on no other.")
    private Optional<String> machine = Optional.empty();

    @Parameters(paramLabel = "FILE", description = "The JSON document, which Nix adds itself.")
    private Path document;

    @Override
    public Integer call() throws InterruptedException {
        var out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false, StandardCharsets.UTF_8);
        out.print(IS_SET_UP);
        out.flush();
        try {
            return call(out);
        } finally {
            out.flush();
        }
    }

    private int call(PrintStream out) throws InterruptedException {
        try {
            var build = new ExternalBuild(
                    socket.orElseGet(this::socketOfSettings),
                    machine,
                    StoreDir.NIX_STORE,
                    Optional.ofNullable(System.getenv("PATH")));
            var result = build.run(BuildDocument.read(document, StoreDir.NIX_STORE), new PrintedLog(out));
            return result.isSuccess() ? 0 : failed(result, out);
        } catch (CannotBuildException e) {
            out.println("dispatcher: " + Printable.lines(String.valueOf(e.getMessage())));
        } catch (UserFacingException e) {
            out.print(ErrorRenderer.render(e, Ansi.OFF));
        } catch (IOException e) {
            out.println(
                    "dispatcher: %s; this is no fault of the build".formatted(Printable.lines(Failures.describe(e))));
        }
        return NO_FAULT_OF_THE_BUILD;
    }

    private Path socketOfSettings() {
        var loaded = settings.load();
        return loaded.listen()
                .socket()
                .orElseThrow(() -> new UserFacingException(
                        "the dispatcher has no socket",
                        "the settings name no listen.socket",
                        "add listen.socket to %s, or use --socket".formatted(loaded.file())));
    }

    private static int failed(BuildResult result, PrintStream out) {
        out.println(Printable.coloured(result.message()));
        return switch (result.status()) {
            case TRANSIENT_FAILURE, MISC_FAILURE, INPUT_REJECTED -> NO_FAULT_OF_THE_BUILD;
            default -> FAILED;
        };
    }
}
