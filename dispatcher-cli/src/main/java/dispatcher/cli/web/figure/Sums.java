package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.record.LoadAnswer.Kind;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Kinds of builds added up by one thing that they need, beside the machines that have it.
///
/// @param head what that thing is
record Sums(String head, List<Sum> sums) {
    private static final int MOST_SHOWN = 100;

    Sums {
        sums = List.copyOf(sums);
    }

    /// @param ready of `machines`, the ones that take builds
    record Sum(String need, List<Kind> kinds, long machines, long ready, long slots, long taken) {
        long waiting() {
            return kinds.stream().mapToLong(Kind::waiting).sum();
        }

        Optional<Instant> oldest() {
            return kinds.stream().flatMap(kind -> kind.oldest().stream()).min(Comparator.naturalOrder());
        }

        long builds() {
            return kinds.stream().mapToLong(Kind::builds).sum();
        }

        BigDecimal waited() {
            return kinds.stream().map(LoadWords::waited).reduce(BigDecimal.ZERO, BigDecimal::add);
        }

        BigDecimal building() {
            return kinds.stream().map(Kind::building).reduce(BigDecimal.ZERO, BigDecimal::add);
        }
    }

    static Sums bySystem(List<Kind> kinds, List<MachineAnswer> machines) {
        var needs = new TreeMap<String, List<Kind>>();
        for (var machine : machines) for (var system : machine.systems()) needs.put(system, new ArrayList<>());
        for (var kind : kinds)
            needs.computeIfAbsent(kind.system(), _ -> new ArrayList<>()).add(kind);
        return new Sums("System", sums(needs, machines, machine -> machine.systems()));
    }

    static Sums byFeature(List<Kind> kinds, List<MachineAnswer> machines) {
        var needs = new TreeMap<String, List<Kind>>();
        for (var machine : machines) for (var feature : features(machine)) needs.put(feature, new ArrayList<>());
        for (var kind : kinds)
            for (var feature : kind.features())
                needs.computeIfAbsent(feature, _ -> new ArrayList<>()).add(kind);
        return new Sums("Feature", sums(needs, machines, Sums::features));
    }

    private static Collection<String> features(MachineAnswer machine) {
        return Stream.concat(machine.supportedFeatures().stream(), machine.mandatoryFeatures().stream())
                .distinct()
                .toList();
    }

    /// What a machine has.
    private interface Offer {
        Collection<String> of(MachineAnswer machine);
    }

    private static List<Sum> sums(TreeMap<String, List<Kind>> needs, List<MachineAnswer> machines, Offer offer) {
        var sums = new ArrayList<Sum>();
        needs.forEach((need, kinds) -> {
            var having = machines.stream()
                    .filter(machine -> offer.of(machine).contains(need))
                    .toList();
            var ready = having.stream()
                    .filter(machine -> machine.state().equals("ready"))
                    .toList();
            sums.add(new Sum(
                    need,
                    kinds,
                    having.size(),
                    ready.size(),
                    ready.stream().mapToLong(MachineAnswer::slots).sum(),
                    ready.stream().mapToLong(MachineAnswer::slotsTaken).sum()));
        });
        sums.sort(Comparator.comparing(Sum::waited).reversed());
        return sums;
    }

    Region region(String id, String heading) {
        var grid = new Grid(
                id + "-table",
                "Builds and machines, " + heading.toLowerCase(Locale.ROOT),
                head,
                "Machines ready",
                "Slots taken",
                "Wait now",
                "The oldest for",
                "Builds",
                "Waited for machines",
                "Building");
        sums.stream().limit(MOST_SHOWN).forEach(sum -> row(grid, sum));
        if (grid.size() == 0) return Region.of(id);
        return Region.of(id, element("h2", heading), grid.table());
    }

    private static void row(Grid grid, Sum sum) {
        grid.row(
                sum.need(),
                Html.text(sum.need()),
                Html.text("%d of %d".formatted(sum.ready(), sum.machines())),
                Html.text("%d of %d".formatted(sum.taken(), sum.slots())),
                Html.text(sum.waiting()),
                sum.oldest().map(Words::age).orElse(Words.DASH),
                Html.text(sum.builds()),
                LoadWords.seconds(sum.waited()),
                LoadWords.seconds(sum.building()));
    }
}
