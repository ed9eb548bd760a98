package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.record.PackagesAnswer;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The packages whose builds cost most: time, memory, bytes that were copied to machines, or outputs.
final class CostsPage implements Page {
    private static final String PATH = "/costs";
    private static final String SORT = "sort";
    private static final List<String> ORDERS = List.of("time", "memory", "copied", "output");
    private static final int USUAL_DAYS = 7;
    private static final int MOST_DAYS = 366;
    private static final int MOST_SHOWN = 100;

    @Override
    public String path() {
        return PATH;
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Costs");
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        int days = Choices.DAYS.chosen(request, USUAL_DAYS, MOST_DAYS);
        var order = request.parameter(SORT).orElse(ORDERS.getFirst());
        if (!ORDERS.contains(order))
            throw new IllegalArgumentException(
                    "the parameter '%s' is none of %s: %s".formatted(SORT, String.join(", ", ORDERS), order));
        var answer = request.ask(
                PackagesAnswer.class,
                PackagesAnswer.PATH,
                Map.of(
                        Choices.DAYS.parameter(),
                        Integer.toString(days),
                        "by",
                        order,
                        "rows",
                        Integer.toString(MOST_SHOWN)));
        return new Content(
                "Costliest packages of the last " + Choices.DAYS.words(days),
                Choices.DAYS.links(request, days),
                List.of(grid(request, order, answer).region("No build has ended since.", below(answer))));
    }

    private static Grid grid(PageRequest request, String order, PackagesAnswer answer) {
        var grid = Grid.sorted(
                request,
                order,
                "costs",
                "Costliest packages",
                "Package",
                "System",
                "Builds",
                "Failed",
                "time=Building",
                "One build",
                "memory=Most memory",
                "copied=Copied to machines",
                "Copying",
                "output=Outputs");
        for (var cost : answer.packages())
            grid.row(
                    cost.name() + " " + cost.system(),
                    Words.link(PageRequest.link("/builds", Map.of("name", cost.name())), cost.name()),
                    Html.text(cost.system()),
                    Html.text(cost.builds()),
                    Html.text(cost.failed()),
                    seconds(cost.building()),
                    cost.builds() == 0
                            ? Words.DASH
                            : Html.text(Amounts.seconds(cost.building().doubleValue() / cost.builds())),
                    cost.peakMemory().map(Words::bytes).orElse(Words.DASH),
                    Words.bytes(cost.copiedBytes()),
                    seconds(cost.copying()),
                    Words.bytes(cost.outputBytes()));
        return grid;
    }

    private static Html seconds(BigDecimal seconds) {
        return Html.text(Amounts.seconds(seconds.doubleValue()));
    }

    private static Html below(PackagesAnswer answer) {
        var since = element("span", Html.text("Builds count that have ended since "), Words.at(answer.since()));
        return element(
                "p",
                since,
                Html.text(
                        answer.packages().size() < MOST_SHOWN
                                ? ", of all packages. Times and bytes are those of all builds together, but for memory."
                                : ", of the %d costliest packages. Times and bytes are those of all builds together,"
                                                .formatted(MOST_SHOWN)
                                        + " but for memory."));
    }
}
