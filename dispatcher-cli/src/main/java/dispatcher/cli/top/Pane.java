package dispatcher.cli.top;

import java.util.List;

/// A list on the screen, in their order from top to bottom.
enum Pane {
    MACHINES("Machines", "There is no machine."),
    RUNNING("Running builds", "No build runs."),
    QUEUE("Queue", "No build waits for a machine.");

    private static final List<Pane> ALL = List.of(values());

    private final String title;
    private final String none;

    Pane(String title, String none) {
        this.title = title;
        this.none = none;
    }

    String title() {
        return title;
    }

    /// What is shown if the list is empty.
    String none() {
        return none;
    }

    /// @param steps forward, or backward if negative
    Pane next(int steps) {
        return ALL.get(Math.floorMod(index() + steps, ALL.size()));
    }

    /// Its place among all of them, from 0.
    int index() {
        return ALL.indexOf(this);
    }
}
