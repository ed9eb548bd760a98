package dispatcher.cli.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.simulate.Simulation;
import dispatcher.simulate.figures.Figures;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Plan;
import dispatcher.simulate.model.Scenario;
import dispatcher.simulate.policy.OursContestant;
import dispatcher.simulate.trace.TraceReader;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceRecorderTest {
    private static final StorePath SOURCE = FakeStore.path("source");
    private static final StorePath SHELL = FakeStore.path("shell");
    private static final StorePath LIBRARY = FakeStore.path("library");
    private static final StorePath TOOL = FakeStore.path("tool");

    @TempDir
    private Path directory;

    private Path file;
    private long now;

    @BeforeEach
    void setUp() {
        file = directory.resolve("traces/today");
    }

    /// Two machines, of which `fast` does twice what the settings say; the source has 1000 bytes.
    private static final RecordingFacts FACTS = new RecordingFacts() {
        @Override
        public List<Host> hosts() {
            return List.of(
                    new Host(Machines.machine("fast", 2, 1), 2, 1e6, Duration.ZERO, Set.of()),
                    new Host(Machines.machine("slow", 1, 1), 1, 2e6, Duration.ZERO, Set.of()));
        }

        @Override
        public Optional<Duration> estimate(StorePath drvPath, BasicDerivation derivation) {
            return drvPath.derivationName().equals("library") ? Optional.of(Duration.ofSeconds(9)) : Optional.empty();
        }

        @Override
        public SortedMap<String, Long> resources(StorePath drvPath, BasicDerivation derivation) {
            return new TreeMap<>(Map.of("memory", 5L));
        }

        @Override
        public OptionalLong narSize(StorePath path) {
            return path.equals(SOURCE) ? OptionalLong.of(1000) : OptionalLong.empty();
        }
    };

    @Test
    void writesThroughNoLink() throws IOException {
        var elsewhere = directory.resolve("elsewhere");
        Files.createDirectories(file.resolveSibling("."));
        Files.createSymbolicLink(file, elsewhere);

        try (var _ = TraceRecorder.open(file, FACTS, () -> now)) {
            assertThat(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)).isTrue();
        }
        assertThat(elsewhere).doesNotExist();
    }

    @Test
    void recordsWhatSimulates() throws IOException {
        try (var recorder = TraceRecorder.open(file, FACTS, () -> now)) {
            recorder.clientConnected(1, "ci@10.0.0.3:51234");
            at(100);
            ask(recorder, 1, 1, LIBRARY, Set.of(SOURCE, SHELL));
            at(105);
            copied(recorder, 1, LIBRARY, 2, 3000);
            end(recorder, 1, LIBRARY, "fast", 20, 7000);
            recorder.clientLeft(1, "ci@10.0.0.3:51234");
            recorder.clientConnected(2, "ci@10.0.0.3:51235");
            at(106);
            ask(recorder, 2, 2, TOOL, Set.of(SOURCE, LIBRARY));
            at(140);
            end(recorder, 2, TOOL, "slow", 30, 10);
        }

        var scenario = read(file);
        assertThat(scenario.hosts()).isEqualTo(FACTS.hosts());
        assertThat(scenario.clients()).extracting(client -> client.name()).containsExactly("ci@10.0.0.3");
        assertThat(scenario.paths()).containsOnlyKeys("0", "1").containsValues(1000L, 1500L);
        var library = Job.of("1", "ci@10.0.0.3", Duration.ofSeconds(40))
                .named("library")
                .requiring(List.of())
                .estimated(Optional.of(Duration.ofSeconds(9)))
                .taking(new TreeMap<>(Map.of("memory", 5L)))
                .leaving(7000);
        assertThat(scenario.jobs().getFirst().reading(List.of())).isEqualTo(library);
        assertThat(scenario.jobs().getFirst().inputs()).containsExactlyInAnyOrder("0", "1");
        var tool = scenario.jobs().getLast();
        assertThat(tool.needs()).containsExactly("1");
        assertThat(tool.work()).isEqualTo(Duration.ofSeconds(30));
        assertThat(tool.estimate()).isEmpty();
        assertThat(tool.asked()).as("wanted with what it waited for").isEqualTo(Duration.ZERO);
        assertThat(makespan(scenario)).isBetween(Duration.ofSeconds(35), Duration.ofSeconds(36));
    }

    @Test
    void whatIsAskedForLongAfterItsInputsWasNotWantedBefore() throws IOException {
        try (var recorder = TraceRecorder.open(file, FACTS, () -> now)) {
            ask(recorder, 1, 1, LIBRARY, Set.of(SOURCE));
            at(5);
            end(recorder, 1, LIBRARY, "fast", 5, 10);
            at(300);
            ask(recorder, 2, 1, TOOL, Set.of(LIBRARY));
            end(recorder, 2, TOOL, "fast", 5, 10);
        }

        assertThat(read(file).jobs()).extracting(Job::asked).containsExactly(Duration.ZERO, Duration.ofMinutes(5));
    }

    @Test
    void whatDoesNotComeToAResultIsLeftOut() throws IOException {
        try (var recorder = TraceRecorder.open(file, FACTS, () -> now)) {
            for (int build = 1; build <= 4; build++) ask(recorder, build, 1, TOOL, Set.of(SOURCE));
            ask(recorder, 6, 1, TOOL, Set.of(SOURCE));
            recorder.buildFound(6, FakeStore.path("tool.drv"));
            recorder.buildShared(1, 1, FakeStore.path("tool.drv"), BuildStatus.BUILT, "");
            recorder.buildAbandoned(2, FakeStore.path("tool.drv"));
            recorder.buildRefused(3, FakeStore.path("tool.drv"), "no machine");
            end(recorder, 4, TOOL, "slow", 0, 10);
            end(recorder, 5, TOOL, "slow", 1, 10);
            assertThat(recorder.underWay()).isZero();
        }

        var jobs = read(file).jobs();
        assertThat(jobs).extracting(Job::id).containsExactly("4");
        assertThat(jobs.getFirst().work()).isPositive();
    }

    @Test
    void fileThatIsFullBecomesTheOneBefore() throws IOException {
        try (var recorder = TraceRecorder.open(file, FACTS, () -> now, 1000)) {
            for (int build = 1; build <= 20; build++) {
                at(build);
                ask(recorder, build, 1, LIBRARY, Set.of(SOURCE));
                end(recorder, build, LIBRARY, "fast", 5, 10);
            }
        }

        var before = read(TraceFile.before(file));
        var last = read(file);
        assertThat(Files.size(file)).isLessThan(1500);
        assertThat(before.jobs().size()).isGreaterThan(1);
        assertThat(last.jobs().getLast().id()).isEqualTo("20");
        assertThat(last.jobs().getFirst().asked()).isZero();
        assertThat(Integer.parseInt(last.jobs().getFirst().id()))
                .isEqualTo(Integer.parseInt(before.jobs().getLast().id()) + 1);
    }

    @Test
    void whatIsThereBecomesTheOneBefore() throws IOException {
        Files.createDirectories(directory.resolve("traces"));
        Files.writeString(file, "of yesterday");
        TraceRecorder.open(file, FACTS, () -> now).close();

        assertThat(TraceFile.before(file)).hasContent("of yesterday");
    }

    @Test
    void saysIfItCannotWrite() throws IOException {
        Files.writeString(directory.resolve("traces"), "");

        assertThatThrownBy(() -> TraceRecorder.open(file, FACTS, () -> now)).isInstanceOf(IOException.class);
    }

    @Test
    void buildsGoOnWhenItIsClosed() throws IOException {
        var recorder = TraceRecorder.open(file, FACTS, () -> now);
        ask(recorder, 1, 1, TOOL, Set.of(SOURCE));
        recorder.close();
        end(recorder, 1, TOOL, "fast", 5, 10);
        ask(recorder, 2, 1, TOOL, Set.of(SOURCE));
        end(recorder, 2, TOOL, "fast", 5, 10);
        recorder.close();

        assertThat(file).isEmptyFile();
    }

    private void at(long seconds) {
        now = Duration.ofSeconds(seconds).toNanos();
    }

    private static StorePath drv(StorePath output) {
        return FakeStore.path(output.name() + ".drv");
    }

    private static void ask(TraceRecorder recorder, long build, long client, StorePath output, Set<StorePath> inputs) {
        var derivation = new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(output))),
                inputs,
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
        recorder.buildRequested(build, client, drv(output), derivation);
        recorder.buildQueued(build, client, drv(output), "x86_64-linux", new TreeSet<>());
    }

    private static void copied(TraceRecorder recorder, long build, StorePath output, int paths, long bytes) {
        recorder.inputsCopied(build, drv(output), "fast", paths, bytes, Duration.ofSeconds(1));
    }

    private static void end(
            TraceRecorder recorder, long build, StorePath output, String machine, long seconds, long bytes) {
        recorder.outputsMade(build, drv(output), machine, Map.of(output, bytes));
        recorder.buildEnded(build, drv(output), machine, BuildStatus.BUILT, "", Duration.ofSeconds(seconds));
    }

    private static Scenario read(Path file) throws IOException {
        var reader = new TraceReader("test");
        for (var line : Files.readAllLines(file)) reader.line(line);
        return reader.scenario();
    }

    private static Duration makespan(Scenario scenario) {
        var plan = new Plan(scenario);
        var run = new Simulation(plan, "ours", situation -> new OursContestant(plan, situation, new Random(1))).run();
        return Figures.of(run).makespan();
    }
}
