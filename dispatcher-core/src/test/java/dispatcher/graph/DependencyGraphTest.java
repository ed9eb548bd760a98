package dispatcher.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.testkit.Seeds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DependencyGraphTest {
    private static int[] needs(int... nodes) {
        return nodes;
    }

    private static int[][] graph(int[]... needs) {
        return needs;
    }

    @Test
    void whatIsNeededComesFirstAndElseTheNumbersDecide() throws Exception {
        var graph = DependencyGraph.of(graph(needs(3), needs(), needs(0, 1), needs(), needs(1)));
        assertThat(graph.order()).containsExactly(1, 3, 4, 0, 2);
    }

    @Test
    void whatIsNeededTwiceIsWaitedForOnce() throws Exception {
        var graph = DependencyGraph.of(graph(needs(1, 1), needs()));
        assertThat(graph.order()).containsExactly(1, 0);

        var ready = new ArrayList<Integer>();
        new Remaining(graph).done(1, ready::add);
        assertThat(ready).containsExactly(0);
    }

    @Test
    void circlesAreNamedWithWhatIsBehindThemAndNothingElse() {
        var graph = DependencyGraph.of(graph(needs(), needs(0, 2), needs(1), needs(2), needs(0), needs(5)));
        assertThatExceptionOfType(CircleException.class)
                .isThrownBy(graph::order)
                .satisfies(circle -> assertThat(circle.nodes()).containsExactly(1, 2, 3, 5));
    }

    @Test
    void onlyWhatLeadsBackIsLeftOutOfCircles() {
        assertThat(DependencyGraph.withoutCircles(graph(needs(1, 2), needs(0), needs(1, 2, 3), needs(0, 1))))
                .isDeepEqualTo(graph(needs(1, 2), needs(), needs(1, 3), needs(1)));
    }

    /// Compared with the way down itself.
    @Test
    void whatIsLeftOutIsWhatTheWayDownCameThrough() {
        Seeds.run(300, random -> {
            var needs = graph(random, 1 + random.nextInt(40));
            var left = DependencyGraph.withoutCircles(needs);
            var expected = new Descending(needs).left();
            for (int node = 0; node < needs.length; node++)
                assertThat(left[node])
                        .containsExactly(expected.get(node).stream()
                                .mapToInt(Integer::intValue)
                                .toArray());
            assertThatCode(DependencyGraph.of(left)::order).doesNotThrowAnyException();
        });
    }

    @Test
    void bothKindsOfGraphSayTheSame() {
        Seeds.run(50, random -> {
            var needs = DependencyGraph.withoutCircles(graph(random, 30));
            var graph = DependencyGraph.of(needs);
            var compact = CompactDependencies.of(needs);
            assertThat(compact.size()).isEqualTo(graph.size()).isEqualTo(30);
            for (int node = 0; node < 30; node++) {
                assertThat(compact.needs(node)).isEqualTo(graph.needs(node)).isEqualTo(needs[node].length);
                assertThat(dependants(compact, node))
                        .isEqualTo(dependants(graph, node))
                        .containsExactlyElementsOf(
                                Arrays.stream(compact.dependants(node)).boxed().toList());
            }
        });
    }

    /// Nothing may be done before all that it needs.
    @Test
    void whatIsLeftBecomesReadyWhenTheLastOfItsNeedsIsDone() {
        Seeds.run(50, random -> {
            var needs = DependencyGraph.withoutCircles(graph(random, 30));
            var remaining = new Remaining(CompactDependencies.of(needs));
            var done = new BitSet();
            var ready = new ArrayDeque<Integer>();
            for (int node = 0; node < 30; node++) if (remaining.awaited(node) == 0) ready.add(node);
            while (!ready.isEmpty()) {
                int node = ready.remove();
                assertThat(Arrays.stream(needs[node])).allMatch(done::get);
                done.set(node);
                remaining.done(node, ready::add);
            }
            assertThat(done.cardinality()).isEqualTo(30);
        });
    }

    private static List<Integer> dependants(Dependencies graph, int node) {
        var dependants = new ArrayList<Integer>();
        graph.forEachDependant(node, dependants::add);
        return dependants;
    }

    private static int[][] graph(RandomGenerator random, int size) {
        int density = 1 + random.nextInt(10);
        return IntStream.range(0, size)
                .mapToObj(node -> random.ints(random.nextInt(density), 0, size)
                        .filter(need -> need != node)
                        .distinct()
                        .toArray())
                .toArray(int[][]::new);
    }

    /// Goes down by calling itself.
    private static final class Descending {
        private final int[][] needs;
        private final BitSet onTheWay = new BitSet();
        private final BitSet finished = new BitSet();
        private final List<List<Integer>> left = new ArrayList<>();

        Descending(int[][] needs) {
            this.needs = needs;
            for (int node = 0; node < needs.length; node++) left.add(new ArrayList<>());
        }

        List<List<Integer>> left() {
            for (int node = 0; node < needs.length; node++) if (!finished.get(node)) visit(node);
            return left;
        }

        private void visit(int node) {
            onTheWay.set(node);
            for (int need : needs[node]) {
                if (onTheWay.get(need)) continue;
                left.get(node).add(need);
                if (!finished.get(need)) visit(need);
            }
            onTheWay.clear(node);
            finished.set(node);
        }
    }
}
