package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The script `dispatcher-stdio` with each of the programs that it can do its work with, whichever end goes first.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(20)
class ShimIT {

    private static final List<String> ALWAYS = List.of("sh", "cat", "od", "tr");
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final long WORKER_CLIENT = 0x6e697863L;
    private static final long WORKER_SERVER = 0x6478696fL;
    private static final long SERVE_CLIENT = 0x390c9debL;
    private static final long SERVE_SERVER = 0x5452eecbL;

    private Fleet fleet;
    private Path settings;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).start();
        settings = DispatcherSettings.of(fleet).write("shim");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"socat,--stdio", "socat,--serve", "perl,--stdio", "perl,--serve", "nc,--stdio", "nc,--serve"})
    void endsWithItsClient(String tool, String mode) throws Exception {
        Process shim = start(tool, mode);
        try {
            greet(shim, mode);
            shim.getOutputStream().close();

            assertThat(shim.waitFor(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        } finally {
            shim.destroyForcibly();
        }
    }

    /// As Nix from 2.35 on ends its build hook, and that what it has started.
    @ParameterizedTest
    @CsvSource({"socat,--stdio", "socat,--serve", "perl,--stdio", "perl,--serve", "nc,--stdio", "nc,--serve"})
    void endsAtOnceWhenTerminated(String tool, String mode) throws Exception {
        Process shim = start(tool, mode);
        try {
            greet(shim, mode);
            shim.destroy();

            assertThat(shim.waitFor(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        } finally {
            shim.destroyForcibly();
        }
    }

    @ParameterizedTest
    @CsvSource({"socat,--stdio", "socat,--serve", "perl,--stdio", "perl,--serve", "nc,--stdio", "nc,--serve"})
    void endsWithTheDispatcher(String tool, String mode) throws Exception {
        Process shim = start(tool, mode);
        try {
            greet(shim, mode);
            dispatcher.kill();
            assertThat(shim.getInputStream().read()).isEqualTo(-1);

            shim.getOutputStream().close();
            assertThat(shim.waitFor(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        } finally {
            shim.destroyForcibly();
            if (!dispatcher.alive()) {
                dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
            }
        }
    }

    /// Starts the script where no other of the programs can be found.
    private Process start(String tool, String mode) throws IOException {
        Optional<Path> program = find(tool);
        assumeTrue(program.isPresent(), tool + " is not installed");
        Path bin = Files.createDirectories(fleet.folder().resolve("bin-" + tool));
        for (String name : ALWAYS) {
            link(bin.resolve(name), find(name).orElseThrow());
        }
        link(bin.resolve(tool), program.get());
        ProcessBuilder builder = new ProcessBuilder(
                Checkout.root()
                        .resolve("dispatcher-cli/src/main/dist/bin/dispatcher-stdio")
                        .toString(),
                fleet.socket().toString(),
                mode,
                mode.equals("--serve") ? "--write" : "");
        builder.environment().put("PATH", bin.toString());
        return builder.redirectError(fleet.folder().resolve("shim.err").toFile())
                .start();
    }

    private static void link(Path link, Path target) throws IOException {
        if (!Files.exists(link)) {
            Files.createSymbolicLink(link, target);
        }
    }

    private static Optional<Path> find(String program) {
        return Arrays.stream(System.getenv("PATH").split(":", -1))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static void greet(Process shim, String mode) throws IOException {
        boolean serve = mode.equals("--serve");
        OutputStream out = shim.getOutputStream();
        InputStream in = shim.getInputStream();
        out.write(word(serve ? SERVE_CLIENT : WORKER_CLIENT));
        out.write(word(serve ? 0x205 : 0x122));
        out.flush();
        assertThat(in.readNBytes(8)).isEqualTo(word(serve ? SERVE_SERVER : WORKER_SERVER));
        in.readNBytes(8);
    }

    private static byte[] word(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }
}
