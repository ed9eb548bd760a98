package dispatcher.cli.web.fleet;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// All machines: whether they may have builds, and what they do.
final class MachinesPage implements Page {
    static final String PATH = "/machines";
    private static final String NAME = "name";
    private static final String STATE = "state";
    private static final String SYSTEM = "system";
    private static final String FEATURE = "feature";
    private static final String SORT = "sort";
    private static final List<String> STATES =
            List.of("ready", "set-aside", "on-trial", "under-pressure", "drained", "undescribed", "removed");

    @Override
    public String path() {
        return PATH;
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Machines");
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var all = MachineWords.all(request).machines();
        var order = request.parameter(SORT).orElse(NAME);
        var shown = all.stream()
                .filter(machine -> isWanted(request, machine))
                .sorted(comparator(order))
                .toList();
        var grid = Grid.sorted(
                request,
                order,
                "machines",
                "Machines",
                "name=Machine",
                "state=State",
                "slots=Slots",
                "Systems",
                "Features",
                "speed=Speed",
                "load=Load",
                "Memory",
                "disk=Disk",
                "Link");
        for (var machine : shown)
            grid.row(
                    machine.name(),
                    MachineWords.link(machine.name()),
                    Html.all(MachineWords.state(machine), MachineWords.why(machine)),
                    MachineWords.slots(machine),
                    Words.tags(machine.systems()),
                    Words.tags(MachineWords.features(machine)),
                    MachineWords.speed(machine),
                    MachineWords.load(machine),
                    MachineWords.memory(machine),
                    MachineWords.disk(machine),
                    MachineWords.bandwidth(machine));
        var count = shown.size() == all.size()
                ? Words.count(all.size(), "machine")
                : "%d of %s".formatted(shown.size(), Words.count(all.size(), "machine"));
        return new Content(
                "Machines",
                filters(request),
                List.of(grid.region(
                        all.isEmpty() ? "There is no machine." : "No machine is like that.",
                        Html.element("p", count))));
    }

    private static Html filters(PageRequest request) {
        return Form.filters(
                request,
                Form.Filter.text(NAME, "Name"),
                new Form.Filter(STATE, "State", STATES),
                Form.Filter.text(SYSTEM, "System"),
                Form.Filter.text(FEATURE, "Feature"));
    }

    private static boolean isWanted(PageRequest request, MachineAnswer machine) {
        return has(request, NAME, Stream.of(machine.name()))
                && request.parameter(STATE).map(machine.state()::equals).orElse(true)
                && has(request, SYSTEM, machine.systems().stream())
                && has(request, FEATURE, MachineWords.features(machine).stream());
    }

    private static boolean has(PageRequest request, String parameter, Stream<String> texts) {
        var wanted = request.parameter(parameter).map(text -> text.toLowerCase(Locale.ROOT));
        return wanted.isEmpty()
                || texts.anyMatch(text -> text.toLowerCase(Locale.ROOT).contains(wanted.get()));
    }

    private static Comparator<MachineAnswer> comparator(String order) {
        var byName = Comparator.comparing(MachineAnswer::name);
        return switch (order) {
            case NAME -> byName;
            // Those that need a look come first.
            case STATE ->
                Comparator.comparing(MachineWords::isReady)
                        .thenComparing(MachineAnswer::state)
                        .thenComparing(byName);
            case "slots" ->
                Comparator.comparingLong((MachineAnswer it) -> -it.slotsTaken())
                        .thenComparing(Comparator.comparingLong((MachineAnswer it) -> -it.slots()))
                        .thenComparing(byName);
            case "speed" ->
                Comparator.comparing((MachineAnswer it) -> it.speed().measured())
                        .reversed()
                        .thenComparing(byName);
            case "load" ->
                Comparator.comparingDouble(MachinesPage::loadPerCore).reversed().thenComparing(byName);
            case "disk" -> Comparator.comparingLong(MachinesPage::diskFree).thenComparing(byName);
            default ->
                throw new IllegalArgumentException(
                        "the parameter 'sort' is none of name, state, slots, speed, load, disk: " + order);
        };
    }

    /// Those that are not measured come last.
    private static double loadPerCore(MachineAnswer machine) {
        return machine.measured()
                .map(now -> now.load().doubleValue() / now.cores())
                .orElse(-1.0);
    }

    private static long diskFree(MachineAnswer machine) {
        return machine.measured()
                .map(now -> now.disk().free())
                .or(() -> machine.description().flatMap(MachineAnswer.Description::diskFree))
                .orElse(Long.MAX_VALUE);
    }
}
