package dispatcher.cli.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dispatcher.cli.api.graph.GraphAnswer;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.StorePath;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What needs what, from the events of builds.
class BuildGraphTest {
    private final ManualClock clock = new ManualClock();
    private final BuildGraph graph = new BuildGraph(number -> Optional.of(number + 100), clock);

    private static StorePath out(String name) {
        return StorePath.of(
                "%32s"
                        .formatted(Integer.toString(name.hashCode() & Integer.MAX_VALUE))
                        .replace(' ', '0'),
                name);
    }

    private static StorePath drv(String name) {
        return StorePath.of("d".repeat(32), name + ".drv");
    }

    private static BasicDerivation derivation(DerivationOutput output, String... inputs) {
        return new BasicDerivation(
                new TreeMap<>(Map.of("out", output)),
                Arrays.stream(inputs).map(BuildGraphTest::out).collect(Collectors.toSet()),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
    }

    private void ask(long build, String name, String... inputs) {
        graph.buildRequested(build, 1, drv(name), derivation(new DerivationOutput.InputAddressed(out(name)), inputs));
    }

    private GraphAnswer answer(Map<String, String> parameters) throws Exception {
        return (GraphAnswer)
                new GraphEndpoint(graph, clock).endpoint().handler().answer(ApiRequest.of(parameters));
    }

    private List<GraphAnswer.Node> nodes() throws Exception {
        return answer(Map.of()).nodes();
    }

    @Test
    void aBuildThatWaitedForAnEqualOneEndsAsThatDoes() throws Exception {
        ask(1, "a");
        ask(2, "b");
        graph.buildShared(1, 1, drv("a"), BuildStatus.BUILT, "");
        graph.buildShared(2, 1, drv("b"), BuildStatus.PERMANENT_FAILURE, "exit code 3");

        assertThat(nodes()).extracting(GraphAnswer.Node::state).containsExactly("shared", "failed");
    }

    @Test
    void aBuildNeedsThoseWhoseOutputsAreAmongItsInputs() throws Exception {
        graph.clientConnected(1, "ci@10.0.0.1");
        ask(1, "zlib");
        ask(2, "hello", "zlib", "unknown");

        assertThat(nodes()).extracting(GraphAnswer.Node::name).containsExactly("zlib", "hello");
        assertThat(nodes()).extracting(GraphAnswer.Node::needs).containsExactly(List.of(), List.of(1L));
        assertThat(nodes().getLast().id()).contains(102L);
        assertThat(answer(Map.of()).clients()).containsExactly(new GraphAnswer.Client("ci", 2));
    }

    @Test
    void whatItNeedsByWayOfAnotherOneIsLeftOut() throws Exception {
        ask(1, "libc");
        ask(2, "zlib", "libc");
        ask(3, "curl", "libc", "zlib");
        ask(4, "git", "libc", "zlib", "curl");

        assertThat(nodes())
                .extracting(GraphAnswer.Node::needs)
                .containsExactly(List.of(), List.of(1L), List.of(2L), List.of(3L));
    }

    @Test
    void anOutputWhosePathIsKnownAfterTheBuildCountsToo() throws Exception {
        var floating = new DerivationOutput.Floating(new MethodAlgorithm(Method.NAR, HashAlgorithm.SHA256));
        graph.buildRequested(1, 1, drv("zlib"), derivation(floating));
        graph.outputsMade(1, drv("zlib"), "m", Map.of(out("zlib"), 10L));
        ask(2, "hello", "zlib");

        assertThat(nodes().getLast().needs()).containsExactly(1L);
    }

    @Test
    void theStateOfEachIsWhatHappenedToItLast() throws Exception {
        var names = List.of("built", "failed", "running", "waiting", "refused", "cancelled");
        for (var name : names) ask(names.indexOf(name) + 1L, name);
        for (long build = 1; build <= 4; build++) graph.buildAssigned(build, drv("x"), "m" + build, "", Duration.ZERO);
        graph.buildEnded(1, drv("built"), "m9", BuildStatus.BUILT, "", Duration.ofSeconds(1));
        graph.buildEnded(2, drv("failed"), "m2", BuildStatus.PERMANENT_FAILURE, "", Duration.ofSeconds(1));
        graph.buildLost(4, drv("waiting"), "m4", "no route to host");
        graph.buildQueued(4, 1, drv("waiting"), "x86_64-linux", new TreeSet<>());
        graph.buildRefused(5, drv("refused"), "no machine");
        graph.buildCancelled(6, drv("cancelled"), "anna", "");

        assertThat(nodes()).allSatisfy(node -> assertThat(node.state()).isEqualTo(node.name()));
        assertThat(nodes())
                .extracting(GraphAnswer.Node::machine)
                .containsExactly(
                        Optional.of("m9"),
                        Optional.of("m2"),
                        Optional.of("m3"),
                        Optional.of("m4"),
                        Optional.empty(),
                        Optional.empty());
    }

    @Test
    void oneClientSomeHoursAndTheLastBuildsCanBeAskedFor() throws Exception {
        graph.clientConnected(1, "ci");
        graph.clientConnected(2, "anna");
        ask(1, "old");
        clock.advance(Duration.ofHours(2));
        ask(2, "zlib");
        graph.buildRequested(3, 2, drv("hers"), derivation(new DerivationOutput.InputAddressed(out("hers")), "zlib"));
        ask(4, "hello", "zlib");

        assertThat(nodes()).extracting(GraphAnswer.Node::name).containsExactly("zlib", "hers", "hello");
        assertThat(answer(Map.of("client", "anna")).nodes())
                .singleElement()
                .matches(node -> node.name().equals("hers") && node.needs().isEmpty());
        assertThat(answer(Map.of("hours", "3")).nodes()).hasSize(4);
        assertThat(answer(Map.of("hours", "3")).since())
                .isEqualTo(clock.instant().minus(Duration.ofHours(2)));
        var two = answer(Map.of("rows", "2"));
        assertThat(two.nodes()).extracting(GraphAnswer.Node::name).containsExactly("hers", "hello");
        assertThat(two.nodes().getLast().needs()).as("not listed").isEmpty();
        assertThat(two.more()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> answer(Map.of("hours", "25")));
    }

    @Test
    void isBounded() throws Exception {
        for (int build = 0; build < BuildGraph.MOST + 10; build++) ask(build, "p" + build);

        assertThat(graph.since(clock.instant())).hasSize(BuildGraph.MOST);
    }

    @Test
    void aBuildThatIsAskedForAgainIsWhatLaterOnesNeed() throws Exception {
        ask(1, "zlib");
        ask(2, "zlib");
        ask(3, "hello", "zlib");

        assertThat(nodes().getLast().needs()).containsExactlyElementsOf(Set.of(2L));
    }
}
