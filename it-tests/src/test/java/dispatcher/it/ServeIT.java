package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Starts of `dispatcher serve` that must not succeed, and what it says then. No machine is ever contacted.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServeIT {

    private Fleet fleet;
    private DispatcherProcess first;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).start();
        first = DispatcherProcess.start(DispatcherSettings.of(fleet).write("first"), fleet.socket(), "");
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (first != null) {
                first.close();
            }
        }
    }

    @Test
    void unknownKeyIsNamedWithItsLineAndTheNearestOne() throws Exception {
        Path settings = fleet.folder().resolve("typo.yaml");
        Files.writeString(settings, DispatcherSettings.of(fleet).text().replace("maxJobs:", "maxjob:"));
        int line = lineOf(settings, "maxjob:");

        Result result = serve(settings);

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err())
                .contains("typo.yaml:%d: ".formatted(line), "maxjob")
                .contains("did you mean")
                .contains("maxJobs");
    }

    @Test
    void missingSettingsAreToldWithWhereTheyWereLookedFor() throws Exception {
        Result result = serve(fleet.folder().resolve("nowhere.yaml"));

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).contains("nowhere.yaml").contains("next:");
    }

    @Test
    void secondDispatcherOnTheSocketIsRefused() throws Exception {
        Path settings = DispatcherSettings.of(fleet)
                .set("spool", "{path: %s}".formatted(fleet.folder().resolve("spool2")))
                .set("state", fleet.folder().resolve("state2"))
                .write("second");

        Result result = serve(settings);

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err())
                .contains("another dispatcher")
                .contains(fleet.socket().toString());
        assertFirstStillServes();
    }

    @Test
    void secondDispatcherOnTheSpoolIsRefused() throws Exception {
        Path spool = fleet.folder().resolve("spool");
        Path settings = DispatcherSettings.of(fleet)
                .set("listen", "{socket: %s}".formatted(fleet.folder().resolve("second.sock")))
                .write("second-spool");

        Result result = serve(settings);

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).contains(spool.toString());
        assertThat(fleet.folder().resolve("second.sock")).doesNotExist();
        assertFirstStillServes();
    }

    @Test
    void secondDispatcherOnTheStateIsRefused() throws Exception {
        Path settings = DispatcherSettings.of(fleet)
                .set("listen", "{socket: %s}".formatted(fleet.folder().resolve("second.sock")))
                .set("spool", "{path: %s}".formatted(fleet.folder().resolve("spool4")))
                .write("second-state");

        Result result = serve(settings);

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).contains("another dispatcher").contains("control.sock");
        assertFirstStillServes();
    }

    @Test
    void portThatIsTakenIsNamed() throws Exception {
        String taken =
                "%s:%s".formatted(fleet.machine(0).address(), fleet.facts().get("port"));
        Path settings = DispatcherSettings.of(fleet)
                .set("listen", "{ssh: '%s'}".formatted(taken))
                .set("spool", "{path: %s}".formatted(fleet.folder().resolve("spool3")))
                .set("state", fleet.folder().resolve("state3"))
                .write("taken");

        Result result = serve(settings);

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).contains(taken);
    }

    @Test
    void firstClientIsAnsweredSoonAfterTheStart() {
        assertThat(first.startTook()).isLessThan(Duration.ofSeconds(10));
    }

    private static Result serve(Path settings) throws Exception {
        return Command.of(Checkout.dispatcher(), "serve", "--config", settings)
                .within(Duration.ofSeconds(30))
                .run();
    }

    private void assertFirstStillServes() throws Exception {
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            assertThat(worker).isNotNull();
        }
    }

    private static int lineOf(Path file, String text) throws IOException {
        return 1
                + Files.readAllLines(file).stream()
                        .map(line -> line.contains(text))
                        .toList()
                        .indexOf(true);
    }
}
