package dispatcher.cli.web.fleet;

import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.web.build.BuildButtons;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Links;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The builds that wait for a machine. Waiting is no fault, however long.
final class QueuePage implements Page {
    static final String PATH = "/queue";
    private static final String BUILD = "build";
    private static final String CLIENT = "client";
    private static final String SYSTEM = "system";
    private static final int MOST_ASKED = 10_000;
    private static final int MOST_SHOWN = 200;

    @Override
    public String path() {
        return PATH;
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Queue");
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var queue = request.ask(QueueAnswer.class, QueueAnswer.PATH, Map.of("rows", Integer.toString(MOST_ASKED)));
        var wanted = queue.builds().stream()
                .filter(build -> has(request, BUILD, build.drv()))
                .filter(build -> has(request, CLIENT, build.client()))
                .filter(build -> has(request, SYSTEM, build.system()))
                .toList();
        var heads = new ArrayList<>(List.of("Build", "Place", "Client", "Needs", "Waits for", "Should start"));
        if (BuildButtons.areFor(request)) heads.add("Change");
        var grid = new Grid("queue", "Builds that wait", heads.toArray(String[]::new));
        wanted.stream().limit(MOST_SHOWN).forEach(build -> row(request, grid, build));
        var count = Words.count(wanted.size(), "build");
        var below =
                wanted.size() > MOST_SHOWN ? "%s, of which the first %d are shown".formatted(count, MOST_SHOWN) : count;
        return new Content(
                "Queue",
                Form.filters(
                        request,
                        Form.Filter.text(BUILD, "Build"),
                        Form.Filter.text(CLIENT, "Client"),
                        Form.Filter.text(SYSTEM, "System")),
                List.of(
                        summary(queue),
                        grid.region(
                                queue.waiting() == 0
                                        ? "No build waits for a machine."
                                        : "No build that waits is like that.",
                                Html.element("p", below))));
    }

    private static boolean has(PageRequest request, String parameter, String text) {
        return request.parameter(parameter).map(text::contains).orElse(true);
    }

    /// What waits for which kind of machine, and since when.
    private static Region summary(QueueAnswer queue) {
        var kinds = new TreeMap<String, List<QueueAnswer.Waiting>>();
        for (var build : queue.builds())
            kinds.computeIfAbsent(need(build), _ -> new ArrayList<>()).add(build);
        var grid = new Grid("kinds", "What waits, by what it needs", "Needs", "Builds", "Oldest waits for");
        kinds.forEach((need, builds) -> grid.row(
                need,
                Html.text(need),
                Html.text(builds.size()),
                Words.age(builds.stream()
                        .map(QueueAnswer.Waiting::since)
                        .min(Instant::compareTo)
                        .orElse(queue.now()))));
        return grid.size() < 2 ? Region.of("kinds") : grid.region("", Html.NOTHING);
    }

    private static String need(QueueAnswer.Waiting build) {
        return build.features().isEmpty()
                ? build.system()
                : build.system() + " with " + String.join(", ", build.features());
    }

    private static void row(PageRequest request, Grid grid, QueueAnswer.Waiting build) {
        var cells = new ArrayList<>(List.of(
                Words.storePath(build.drv(), Links.build(build.drv())),
                Html.text("%d of %d".formatted(build.place(), build.of())),
                build.client().isEmpty() ? Words.DASH : Html.text(build.client()),
                Html.text(need(build)),
                Words.age(build.since()),
                build.expectedStart()
                        .show(Words::until, Html.text("no history"), Html.text("when a machine takes builds again"))));
        if (BuildButtons.areFor(request))
            cells.add(BuildButtons.inRow(request, build.drv(), Words.name(build.drv()), true));
        grid.row(build.drv() + " " + build.client() + " " + build.since(), cells.toArray(Html[]::new));
    }
}
