package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// A machine that collects its garbage while a session relies on what is there. Nothing on it has a root, so all
/// goes that no conversation of the dispatcher keeps.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GarbageCollectionContract {

    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration END = Duration.ofSeconds(60);

    private final String protocol;
    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;

    GarbageCollectionContract(String protocol) {
        this.protocol = protocol;
    }

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).protocol(protocol).start();
        client = NixClient.beside(fleet).start();
        dispatcher = DispatcherProcess.start(DispatcherSettings.of(fleet).write("garbage"), fleet.socket(), "");
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    @Test
    void inputThatWasSentStaysWhileItsBuildRuns() throws Exception {
        String input = inputOfTheClient();

        buildWhileGarbageIsCollected(input, "4.125");

        assertThat(dispatcher.log()).contains("inputs copied");
    }

    /// Someone else put it there, and nothing there needs it but this build.
    @Test
    void inputThatWasOnTheMachineStaysWhileItsBuildRuns() throws Exception {
        String input = inputOfTheClient();
        String machine = "ssh-ng://root@" + fleet.machine(0).address();
        client.run("nix", "copy", "--no-check-sigs", "--to", machine, input).orFail();

        buildWhileGarbageIsCollected(input, "4.375");
    }

    /// One that comes when the first build on that input is over, and that its conversation may have kept.
    @Test
    void inputOfAnEarlierBuildStaysWhileALaterOneRuns() throws Exception {
        String input = inputOfTheClient();
        client.buildCommand("with-input", "source", input)
                .with("--builders", dispatcher.builders())
                .run()
                .orFail();

        buildWhileGarbageIsCollected(input, "4.625");
    }

    @Test
    void outputStaysUntilTheClientHasFetchedIt() throws Exception {
        String hash = hashPart();
        String output = "/nix/store/" + hash + "-unfetched";
        try (RawWorker worker = RawWorker.greeted(fleet.socket())) {
            worker.buildDerivation("/nix/store/" + hash + "-unfetched.drv", output, system(), "echo fetched > $out")
                    .send();
            worker.expectBuilt();
            assertThat(fleet.machine(0).holds(output)).isTrue();
            String garbage = garbageOnTheMachine();

            collectGarbage();

            assertThat(fleet.machine(0).holds(garbage)).isFalse();
            assertThat(fleet.machine(0).holds(output)).isTrue();
            worker.word(RawWorker.NAR_FROM_PATH).text(output).send();
            worker.expectDone();
            assertThat(List.of(
                            worker.readText(),
                            worker.readText(),
                            worker.readText(),
                            worker.readText(),
                            worker.readText(),
                            worker.readText()))
                    .containsExactly("nix-archive-1", "(", "type", "regular", "contents", "fetched\n");
        }
    }

    private void buildWhileGarbageIsCollected(String input, String seconds) throws Exception {
        Command command = client.buildCommand("late-reader", "source", input, "seconds", seconds)
                .with("--builders", dispatcher.builders());
        try (Background build = Background.start(command, fleet.folder())) {
            Await.until(
                    START,
                    () -> "the builder\n" + dispatcher.log(),
                    () -> !fleet.machine(0).processes("sleep " + seconds).isEmpty());
            String garbage = garbageOnTheMachine();

            collectGarbage();

            assertThat(fleet.machine(0).holds(garbage)).isFalse();
            assertThat(fleet.machine(0).holds(input)).isTrue();
            fleet.machine(0).run("nix-store", "--check-validity", input).orFail();
            assertThat(fleet.machine(0).processes("sleep " + seconds))
                    .as("the build, still running")
                    .isNotEmpty();
            String output = build.await(END).orFail().out().strip();
            assertThat(client.outside(output)).content().contains(input);
        }
    }

    /// A path that only the client has; a directory, of which a sandbox has no copy.
    private String inputOfTheClient() throws Exception {
        return client.buildCommand("many-files", "n", "3")
                .with("--builders", "", "--max-jobs", 1)
                .run()
                .orFail()
                .out()
                .strip();
    }

    /// A new path on the machine that nobody needs, to see that garbage really is collected.
    private String garbageOnTheMachine() throws Exception {
        String input = inputOfTheClient();
        String machine = "ssh-ng://root@" + fleet.machine(0).address();
        client.run("nix", "copy", "--no-check-sigs", "--to", machine, input).orFail();
        assertThat(fleet.machine(0).holds(input)).isTrue();
        return input;
    }

    private void collectGarbage() throws Exception {
        fleet.machine(0).run("nix-collect-garbage").orFail();
    }

    private String system() throws Exception {
        return client.run("nix-instantiate", "--eval", "--expr", "builtins.currentSystem")
                .orFail()
                .out()
                .strip()
                .replace("\"", "");
    }

    /// 32 digits that were never the hash part of a path.
    private static String hashPart() {
        return "%032d".formatted(System.nanoTime());
    }
}
