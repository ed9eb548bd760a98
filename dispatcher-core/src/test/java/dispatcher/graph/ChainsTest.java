package dispatcher.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChainsTest {
    private static List<String> names(Collection<Chains.Link<String>> links) {
        return links.stream().map(Chains.Link::value).toList();
    }

    @Test
    void anEndMakesTheChainsOfAllBeforeItLonger() {
        var chains = new Chains<String>(10, 10);
        chains.add(1, "a", List.of());
        chains.add(2, "b", List.of(1L));
        chains.add(3, "c", List.of(2L));
        chains.ended(1, 5);
        chains.ended(2, 7);
        var raised = chains.ended(3, 11);

        assertThat(names(raised)).containsExactly("b", "a");
        assertThat(raised.stream().map(Chains.Link::behind)).containsExactly(11.0, 18.0);
    }

    @Test
    void aShorterChainRaisesNothing() {
        var chains = new Chains<String>(10, 10);
        chains.add(1, "a", List.of());
        chains.add(2, "long", List.of(1L));
        chains.add(3, "short", List.of(1L));
        chains.ended(2, 7);

        assertThat(chains.ended(3, 6)).isEmpty();
    }

    @Test
    void onlyTheLastAreKept() {
        var chains = new Chains<String>(2, 10);
        for (long number = 1; number <= 3; number++) chains.add(number, "n" + number, List.of(number - 1));

        assertThat(chains.ended(1, 1)).isEmpty();
        assertThat(names(chains.ended(3, 1))).containsExactly("n2");
    }

    @Test
    void aWayUpEndsAfterItsSteps() {
        var chains = new Chains<String>(100, 10);
        for (long number = 1; number <= 50; number++) chains.add(number, "n" + number, List.of(number - 1));

        assertThat(chains.ended(50, 1)).hasSize(10);
    }
}
