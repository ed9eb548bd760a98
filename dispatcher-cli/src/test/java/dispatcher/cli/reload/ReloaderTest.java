package dispatcher.cli.reload;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.BooleanNode;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ReloaderTest {
    private static final String GOOD = """
            listen: {socket: d.sock}
            state: state
            machines:
              - {hostName: a, sshUser: nix, system: x86_64-linux}
            """;

    @TempDir
    private Path directory;

    private Path file;
    private Settings settings;
    private Reloader reloader;
    private final List<SettingsChange> applied = new ArrayList<>();
    private Optional<RuntimeException> refusal = Optional.empty();

    @BeforeEach
    void start() throws IOException {
        file = Files.writeString(directory.resolve("d.yaml"), GOOD);
        var surroundings = new Surroundings(directory, directory, "me", "x86_64-linux", Map.of());
        settings = SettingsFile.load(file, surroundings);
        reloader = new Reloader(settings, running -> SettingsFile.again(running, surroundings), change -> {
            if (refusal.isPresent()) throw refusal.get();
            applied.add(change);
        });
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text);
    }

    private void look() {
        reloader.lookNow();
    }

    @Test
    void goodSettingsArePutInForceAndToldOf() throws Exception {
        write(GOOD + "maxAttempts: 5\n");

        assertThat(reloader.reload("test"))
                .isEqualTo(new ReloadOutcome.Done(List.of("maxAttempts: 3 -> 5"), List.of(), List.of()));
        assertThat(applied)
                .singleElement()
                .satisfies(change -> assertThat(change.settings().maxAttempts()).isEqualTo(5));
        assertThat(reloader.reload("test")).isEqualTo(new ReloadOutcome.Done(List.of(), List.of(), List.of()));
    }

    @Test
    void allFaultsAreToldAndNothingIsPutInForce() throws Exception {
        write(GOOD.replace("system:", "sistem:") + "maxAttempts: 0\n");

        assertThat(reloader.reload("test")).isInstanceOfSatisfying(ReloadOutcome.Refused.class, refused -> {
            assertThat(refused.faults()).extracting(Fault::line).contains(4, 5);
            assertThat(refused.faults()).extracting(Fault::file).containsOnly(file.toString());
            assertThat(refused.why()).contains(file + ":4: ", "sistem", file + ":5: ", "maxAttempts");
        });
        assertThat(applied).isEmpty();
    }

    @Test
    void faultyLineOfAMachinesFileTakesOnlyItsOwnMachineAway() throws Exception {
        Files.writeString(directory.resolve("machines"), "b\nc - - eight\nd\n");
        write(GOOD + "machinesFile: machines\n");

        assertThat(reloader.reload("test"))
                .isInstanceOfSatisfying(
                        ReloadOutcome.Done.class,
                        done -> assertThat(done.warnings())
                                .extracting(Fault::toString)
                                .containsExactly(
                                        directory.resolve("machines")
                                                + ":2: max-jobs: 'eight' is not a whole number of 0 or more; this machine is not used"));
        assertThat(applied)
                .singleElement()
                .satisfies(change -> assertThat(change.settings().machines())
                        .extracting(Machine::name)
                        .containsExactly("a", "b", "d"));
    }

    @Test
    void fileThatIsNotThereIsToldAndNothingIsPutInForce() throws Exception {
        Files.delete(file);

        assertThat(reloader.reload("test")).isInstanceOfSatisfying(ReloadOutcome.Refused.class, refused -> {
            assertThat(refused.why()).contains("there is no file " + file);
            assertThat(refused.faults()).isEmpty();
        });
        assertThat(applied).isEmpty();
    }

    @Test
    void whatCannotBePutInForceIsToldAndTriedAgain() throws Exception {
        write(GOOD + "maxAttempts: 5\n");
        refusal = Optional.of(new IllegalStateException("odd"));
        assertThat(reloader.reload("test"))
                .isInstanceOfSatisfying(
                        ReloadOutcome.Refused.class,
                        refused -> assertThat(refused.why()).contains("odd"));
        refusal = Optional.empty();

        assertThat(reloader.reload("test"))
                .isEqualTo(new ReloadOutcome.Done(List.of("maxAttempts: 3 -> 5"), List.of(), List.of()));
    }

    @Test
    void fileThatChangesIsReadWhenItIsWritten() throws Exception {
        look();
        write(GOOD + "maxAttempts: 5\n");
        look();
        assertThat(applied).as("seen").isEmpty();
        write(GOOD + "maxAttempts: 55\n");
        look();
        assertThat(applied).as("changed again").isEmpty();
        look();

        assertThat(applied)
                .singleElement()
                .satisfies(change -> assertThat(change.settings().maxAttempts()).isEqualTo(55));
        look();
        look();
        assertThat(applied).hasSize(1);
    }

    @Test
    void wrongFileIsReadOnceAndThenWhenItIsCorrected() throws Exception {
        write("nonsense");
        look();
        look();
        look();
        assertThat(applied).isEmpty();
        write(GOOD + "maxAttempts: 5\n");
        look();
        look();

        assertThat(applied).hasSize(1);
    }

    @Test
    void fileThatWasMissingIsReadWhenItIsThere() throws Exception {
        write(GOOD + "machinesFile: more\n");
        look();
        look();
        assertThat(applied).isEmpty();
        Files.writeString(directory.resolve("more"), "ssh-ng://nix@b x86_64-linux - 2\n");
        look();
        look();

        assertThat(applied)
                .singleElement()
                .satisfies(change -> assertThat(change.changes())
                        .containsExactly("machine b added: nix@b, maxJobs 2, x86_64-linux"));
    }

    @Nested
    class Command {
        private final StringWriter out = new StringWriter();
        private Exception thrown = new IOException("nothing was thrown");

        private int run(String... arguments) throws IOException {
            Files.createDirectories(settings.state());
            try (var _ = ApiServer.open(settings.controlSocket(), List.of(new ReloadEndpoint(reloader).endpoint()))) {
                return alone(arguments);
            }
        }

        private int alone(String... arguments) {
            var line = new CommandLine(new ReloadCommand())
                    .setOut(new PrintWriter(out))
                    .setExecutionExceptionHandler((e, _, _) -> {
                        thrown = e;
                        return 1;
                    });
            var all = new ArrayList<>(List.of(arguments));
            all.addAll(List.of("--config", file.toString()));
            return line.execute(all.toArray(String[]::new));
        }

        @Test
        void showsWhatHasChangedAndWhatNeedsARestart() throws Exception {
            write(GOOD + "maxAttempts: 5\nspool: {size: 1GiB}\n");

            assertThat(run()).isZero();
            assertThat(out.toString().lines())
                    .containsExactly(
                            "settings reloaded:",
                            "  maxAttempts: 3 -> 5",
                            "stays as it was until the dispatcher is started again:",
                            "  spool.size: 50GiB -> 1GiB");
        }

        @Test
        void saysThatNothingIsOtherwise() throws Exception {
            assertThat(run()).isZero();
            assertThat(out.toString().lines()).containsExactly("the settings are read again, and nothing is otherwise");
        }

        @Test
        void showsAllFaultsAndFails() throws Exception {
            write(GOOD.replace("system:", "sistem:") + "maxAttempts: 0\n");

            assertThat(run()).isEqualTo(1);
            assertThat(thrown).isInstanceOfSatisfying(UserFacingException.class, error -> {
                assertThat(error.what()).isEqualTo("the settings are not reloaded, and nothing has changed");
                assertThat(error.why()).contains("d.yaml:4: ", "d.yaml:5: ");
            });
            assertThat(applied).isEmpty();
        }

        @Test
        void faultsThatOnlyTheDispatcherFindsAreToldToo() throws Exception {
            refusal = Optional.of(new UserFacingException("cannot do that", "for a reason", "do it otherwise"));

            assertThat(run()).isEqualTo(1);
            assertThat(thrown).isInstanceOfSatisfying(UserFacingException.class, error -> {
                assertThat(error.why()).isEqualTo("cannot do that: for a reason");
                assertThat(error.next()).isEqualTo("do it otherwise");
            });
        }

        @Test
        void printsJson() throws Exception {
            write(GOOD + "maxAttempts: 5\n");

            assertThat(run("--json")).isZero();
            assertThat((Object) Json.parse(out.toString()).path("reloaded")).isEqualTo(BooleanNode.TRUE);
            assertThat((Object) Json.parse(out.toString()).path("changes"))
                    .isEqualTo(Json.texts(List.of("maxAttempts: 3 -> 5")));
            assertThat((Object) Json.parse(out.toString()).path("needRestart")).isEqualTo(Json.texts(List.of()));
        }

        @Test
        void printsFaultsAsJsonAndFails() throws Exception {
            write(GOOD + "maxAttempts: 0\n");

            assertThat(run("--json")).isEqualTo(1);
            var answer = Json.parse(out.toString());
            assertThat((Object) answer.path("reloaded")).isEqualTo(BooleanNode.FALSE);
            assertThat(answer.path("faults").path(0).path("line").intValue()).isEqualTo(5);
            assertThat(answer.path("faults").path(0).path("key").textValue()).isEqualTo("maxAttempts");
        }

        @Test
        void withoutADispatcherSaysSo() {
            assertThat(alone()).isEqualTo(1);
            assertThat(thrown).hasMessageContaining("no dispatcher runs");
        }
    }
}
