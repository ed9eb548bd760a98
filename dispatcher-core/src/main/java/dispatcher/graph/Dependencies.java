package dispatcher.graph;

import java.util.function.IntConsumer;

/// Which of numbered things need which others: the builds of a scenario, the paths of a closure. They count from 0.
public interface Dependencies {
    int size();

    /// How many others `node` needs; one that it needs twice counts twice.
    int needs(int node);

    /// Calls `action` with each that needs `node`; with one that needs it twice, twice.
    void forEachDependant(int node, IntConsumer action);
}
