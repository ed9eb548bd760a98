package dispatcher.cli.web.fleet;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Links;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is going on, what is wrong, and what to do about it.
final class OverviewPage implements Page {
    private static final Duration LATELY = Duration.ofHours(1);
    private static final int MOST_REFUSED = 20;

    @Override
    public String path() {
        return "/";
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Overview");
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var status = request.ask(StatusAnswer.class, StatusAnswer.PATH, Map.of());
        var refused = refused(request, status);
        return new Content("Overview", Html.NOTHING, List.of(figures(status), refused, problems(status)));
    }

    private static Region figures(StatusAnswer status) {
        var machines = status.machines();
        var ended = status.lastHour();
        return Region.of(
                "figures",
                element(
                        "ul",
                        cls("figures"),
                        figure("/running", status.running(), "running", "in %d slots".formatted(status.slots())),
                        waiting(status),
                        figure(
                                MachinesPage.PATH + "?sort=state",
                                machines.ready(),
                                "machines ready",
                                "of %d".formatted(machines.all())),
                        figure(ended("built"), ended.built(), "built", "in the last hour"),
                        figure(ended("failed"), ended.failed(), "failed", "in the last hour")));
    }

    private static Html waiting(StatusAnswer status) {
        return element(
                "li",
                element(
                        "a",
                        Attribute.href(QueuePage.PATH),
                        element("b", Html.text(status.waiting())),
                        element("span", "waiting")),
                status.oldest()
                        .map(oldest -> element("small", Html.text("the oldest for "), Words.age(oldest)))
                        .orElse(element("small", "for a machine")));
    }

    private static Html figure(String link, long number, String what, String more) {
        return element(
                "li",
                element("a", Attribute.href(link), element("b", Html.text(number)), element("span", what)),
                element("small", more));
    }

    private static String ended(String outcome) {
        return PageRequest.link(Links.BUILDS, Map.of("outcome", outcome));
    }

    /// Builds that no machine can ever take do not wait: their clients got an error. They are shown apart from all
    /// that waits.
    private static Region refused(PageRequest request, StatusAnswer status) throws IOException, InterruptedException {
        if (status.lastHour().refused() == 0) return Region.of("refused");
        // To the minute, so that it does not differ each time.
        var since = Instant.ofEpochSecond(status.now().minus(LATELY).getEpochSecond() / 60 * 60);
        var builds = request.ask(
                        BuildsAnswer.class,
                        BuildsAnswer.PATH,
                        Map.of("outcome", "refused", "since", since.toString(), "rows", Integer.toString(MOST_REFUSED)))
                .builds();
        if (builds.isEmpty()) return Region.of("refused");
        var grid = new Grid("refused", "Builds that no machine can take", "Build", "Client", "Needs", "Why", "Asked");
        for (var build : builds) refused(grid, build);
        var rows = grid.table();
        return Region.of(
                "refused",
                element(
                        "h2",
                        "%s of the last hour could go to no machine"
                                .formatted(Words.count(status.lastHour().refused(), "build"))),
                element(
                        "p",
                        Words.advice("They do not wait; their clients got an error. `dispatcher explain` says what each"
                                + " machine lacks.")),
                rows);
    }

    private static void refused(Grid grid, BuildAnswer build) {
        var needs = build.features().isEmpty()
                ? build.system()
                : build.system() + " with " + String.join(", ", build.features());
        grid.row(
                Long.toString(build.id()),
                Words.storePath(build.drv(), Links.build(build.id())),
                build.client().isEmpty() ? Words.DASH : Html.text(build.client()),
                Html.text(needs),
                Html.text(build.message().orElse("")),
                Html.all(Words.age(build.asked()), Html.text(" ago")));
    }

    private static Region problems(StatusAnswer status) {
        if (status.problems().isEmpty())
            return Region.of(
                    "problems", element("h2", "Machines"), element("p", cls("none"), Html.text("Nothing is wrong.")));
        var grid =
                new Grid("trouble", "Machines that get no builds, or fewer", "Machine", "State", "Cause", "What to do");
        int number = 0;
        for (var trouble : status.problems())
            grid.row(
                    trouble.machine() + " " + trouble.state() + " " + number++,
                    MachineWords.link(trouble.machine()),
                    Html.text(trouble.state()),
                    Html.text(trouble.reason()),
                    Words.advice(trouble.next()));
        return Region.of("problems", element("h2", "Machines"), grid.table());
    }
}
