package dispatcher.graph;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CriticalPathTest {
    /// Two ways from 0 to 3, of which the one over 2 is longer; 5 needs 4, which cannot be done.
    private static final int[][] NEEDS = {{}, {0}, {0}, {1, 2}, {}, {4, 0}};

    private static CriticalPath path(CriticalPath.Times times) throws CircleException {
        var graph = DependencyGraph.of(NEEDS);
        return new CriticalPath(graph, graph.order(), node -> node != 4, times);
    }

    /// The last second of each is for handing on.
    private static CriticalPath.Times times(double... whole) {
        return new CriticalPath.Times() {
            @Override
            public double begin(int node) {
                return node == 1 ? 7 : 0;
            }

            @Override
            public double whole(int node) {
                return whole[node];
            }

            @Override
            public double handedOn(int node) {
                return 1;
            }
        };
    }

    @Test
    void theLongestWayDecidesWhenANodeCanBegin() throws Exception {
        var path = path(times(10, 5, 20, 3, 100, 100));
        assertThat(path.earliest(0)).isZero();
        assertThat(path.earliest(1)).isEqualTo(10);
        assertThat(path.earliest(3)).isEqualTo(30);
        assertThat(path.length()).isEqualTo(33);
    }

    @Test
    void nothingBeginsBeforeItsTime() throws Exception {
        assertThat(path(times(1, 2, 3, 4, 0, 0)).earliest(1)).isEqualTo(7);
    }

    @Test
    void whatComesAfterANodeIsTheLongestWayToTheEnd() throws Exception {
        var path = path(times(10, 5, 20, 3, 100, 100));
        assertThat(path.after(3)).isEqualTo(1);
        assertThat(path.after(2)).isEqualTo(4);
        assertThat(path.after(0)).isEqualTo(24);
    }

    @Test
    void whatNeedsAnImpossibleNodeIsImpossible() throws Exception {
        var path = path(times(1, 1, 1, 1, 1, 1));
        assertThat(path.isPossible(3)).isTrue();
        assertThat(path.isPossible(4)).isFalse();
        assertThat(path.isPossible(5)).isFalse();
    }
}
