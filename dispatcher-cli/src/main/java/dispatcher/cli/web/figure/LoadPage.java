package dispatcher.cli.web.figure;

import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.record.LoadAnswer;
import dispatcher.cli.api.record.LoadAnswer.Kind;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Which kind of machine is missing: what builds of each system and each feature wait for and have waited for, beside
/// the machines that there are for them. Builds that no machine can take are apart from those that wait.
final class LoadPage implements Page {
    private static final String PATH = "/load";
    private static final String SORT = "sort";
    private static final int USUAL_HOURS = 24;
    private static final int MOST_HOURS = 24 * 31;
    private static final int MOST_SHOWN = 200;

    @Override
    public String path() {
        return PATH;
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Load");
    }

    @Override
    public List<Asset> assets() {
        return List.of(FigurePages.STYLE);
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        int hours = Choices.HOURS.chosen(request, USUAL_HOURS, MOST_HOURS);
        var order = request.parameter(SORT).orElse("waited");
        var comparator = comparator(order);
        var answer = request.ask(
                LoadAnswer.class, LoadAnswer.PATH, Map.of(Choices.HOURS.parameter(), Integer.toString(hours)));
        var machines =
                request.ask(MachinesAnswer.class, MachinesAnswer.PATH, Map.of()).machines();
        var possible = answer.kinds().stream()
                .filter(kind -> kind.machines() > 0 || kind.builds() > kind.refused())
                .sorted(comparator)
                .toList();
        var since = Html.element(
                "p",
                Html.text("Builds count that have ended since "),
                Words.at(answer.since()),
                Html.text(
                        ", times are those of all builds together. Machines, slots and what waits are as they are now."));
        return new Content(
                "Load of the last " + Choices.HOURS.words(hours),
                Choices.HOURS.links(request, hours),
                List.of(
                        Impossible.region(answer),
                        Region.of("heading", Html.element("h2", "By what builds need")),
                        kinds(request, order, possible, since),
                        Sums.bySystem(possible, machines).region("systems", "By system"),
                        Sums.byFeature(possible, machines).region("features", "By feature")));
    }

    private static Comparator<Kind> comparator(String order) {
        return switch (order) {
            case "waited" -> Comparator.comparing(LoadWords::waited).reversed();
            case "waiting" -> Comparator.comparingLong(Kind::waiting).reversed();
            case "builds" -> Comparator.comparingLong(Kind::builds).reversed();
            case "longest" -> Comparator.comparing(Kind::longestWait).reversed();
            default ->
                throw new IllegalArgumentException(
                        "the parameter '%s' is none of waited, waiting, builds, longest: %s".formatted(SORT, order));
        };
    }

    private static Region kinds(PageRequest request, String order, List<Kind> kinds, Html since) {
        var grid = Grid.sorted(
                request,
                order,
                "kinds",
                "Builds by what they need, beside the machines for them",
                "Needs",
                "Machines",
                "Slots taken",
                "waiting=Wait now",
                "The oldest for",
                "What is missing",
                "builds=Builds",
                "Failed",
                "waited=Waited for slots",
                "For one that was away",
                "longest=Longest",
                "Copying",
                "Building");
        kinds.stream().limit(MOST_SHOWN).forEach(kind -> row(grid, kind));
        return grid.region(
                "No build waits, and none has ended since.",
                kinds.size() > MOST_SHOWN
                        ? Html.all(
                                since,
                                Html.element("p", "The first %d of %d kinds.".formatted(MOST_SHOWN, kinds.size())))
                        : since);
    }

    private static void row(Grid grid, Kind kind) {
        grid.row(
                LoadWords.needs(kind),
                Html.text(LoadWords.needs(kind)),
                Html.text(kind.machines()),
                Html.text("%d of %d".formatted(kind.slotsTaken(), kind.slots())),
                Html.text(kind.waiting()),
                kind.oldest().map(Words::age).orElse(Words.DASH),
                Html.text(LoadWords.missing(kind)),
                Html.text(kind.builds()),
                Html.text(kind.failed()),
                LoadWords.seconds(kind.waited().slot()),
                LoadWords.seconds(kind.waited().awayMachine()),
                LoadWords.seconds(kind.longestWait()),
                LoadWords.seconds(kind.copying()),
                LoadWords.seconds(kind.building()));
    }
}
