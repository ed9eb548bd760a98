package dispatcher.cli.web.fleet;

import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.web.Action;
import dispatcher.cli.web.page.Page;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All pages of this package, and what their forms do.
public final class FleetPages {
    private static final String MACHINE = "machine";

    /// The field of a drain's note.
    static final String NOTE = "note";

    private FleetPages() {}

    public static List<Page> pages() {
        return List.of(new OverviewPage(), new MachinesPage(), new MachinePage(), new QueuePage(), new RunningPage());
    }

    public static List<Action> actions() {
        return List.of(
                new Action("drain", DrainRequest.DRAIN_PATH, FleetPages::machine),
                new Action("resume", DrainRequest.RESUME_PATH, FleetPages::machine));
    }

    private static DrainRequest machine(Map<String, String> fields) {
        return new DrainRequest(Action.field(fields, MACHINE), Optional.ofNullable(fields.get(NOTE)), Optional.empty());
    }

    /// The fields of an action with one machine.
    static Map<String, String> fields(String machine) {
        return Map.of(MACHINE, machine);
    }
}
