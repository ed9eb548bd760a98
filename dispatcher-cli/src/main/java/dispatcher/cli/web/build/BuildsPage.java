package dispatcher.cli.web.build;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Links;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Builds on record, the newest first, some at a time. Its parameters are those of `GET /api/v1/builds`.
final class BuildsPage implements Page {
    private static final String BEFORE = "before";
    private static final String ROWS = "rows";
    private static final int DEFAULT_ROWS = 50;
    private static final int MOST_ROWS = 1_000;

    private static final Form.Filter[] FILTERS = {
        Form.Filter.text("name", "Name begins with"),
        Form.Filter.text("machine", "Machine"),
        Form.Filter.text("client", "Client"),
        new Form.Filter("outcome", "Outcome", Outcomes.all()),
        Form.Filter.text("since", "Since (2h, 3d, or a time)")
    };

    @Override
    public String path() {
        return Links.BUILDS;
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Builds");
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var parameters = parameters(request);
        var answer = request.ask(BuildsAnswer.class, BuildsAnswer.PATH, parameters);
        var grid = new Grid(
                "builds", "Builds", "Build", "Outcome", "Machine", "Client", "Asked", "Waited", "Took", "Peak memory");
        for (var build : answer.builds()) row(grid, build);
        // Changed filters begin with the newest again.
        var filters = Form.filters(request.without(BEFORE), FILTERS);
        return new Content("Builds", filters, List.of(grid.region(none(parameters), more(request, answer))));
    }

    private static Map<String, String> parameters(PageRequest request) {
        var parameters = new HashMap<String, String>();
        for (var filter : FILTERS) copy(request, filter.name(), parameters);
        copy(request, BEFORE, parameters);
        parameters.put(ROWS, Integer.toString(request.number(ROWS, DEFAULT_ROWS, MOST_ROWS)));
        return parameters;
    }

    private static void copy(PageRequest request, String name, Map<String, String> parameters) {
        request.parameter(name).ifPresent(value -> parameters.put(name, value.strip()));
    }

    private static String none(Map<String, String> parameters) {
        return parameters.size() > 1 ? "No build on record is like that." : "No build is on record.";
    }

    private static Html more(PageRequest request, BuildsAnswer answer) {
        var links = new ArrayList<Html>();
        if (request.parameter(BEFORE).isPresent())
            links.add(Words.link(request.without(BEFORE).here(), "Newest builds"));
        if (answer.more())
            links.add(Words.link(
                    request.with(BEFORE, Long.toString(answer.builds().getLast().id())), "Older builds"));
        return links.isEmpty()
                ? Html.NOTHING
                : element("nav", cls("more"), Attribute.of("aria-label", "More builds"), Html.all(links));
    }

    private static void row(Grid grid, BuildAnswer build) {
        grid.row(
                Long.toString(build.id()),
                Html.all(
                        element(
                                "a",
                                cls("path"),
                                Attribute.href(Links.build(build.id())),
                                Attribute.of("title", build.drv()),
                                Html.text(build.name())),
                        element("span", cls("aside"), Html.text(" " + build.id()))),
                Outcomes.badge(build),
                build.machine().map(Links::machine).orElse(Words.DASH),
                build.client().isEmpty() ? Words.DASH : Html.text(build.client()),
                Html.all(Words.age(build.asked()), Html.text(" ago")),
                waited(build),
                took(build),
                build.peakMemory().map(Words::bytes).orElse(Words.DASH));
    }

    private static Html waited(BuildAnswer build) {
        return Outcomes.waits(build)
                ? Words.age(build.asked())
                : seconds(build.waited()
                        .equalBuild()
                        .add(build.waited().machine())
                        .doubleValue());
    }

    private static Html took(BuildAnswer build) {
        if (Outcomes.runs(build) && !build.stages().isEmpty())
            return Words.age(build.stages().getLast().from());
        return build.built().map(it -> seconds(it.doubleValue())).orElse(Words.DASH);
    }

    private static Html seconds(double seconds) {
        return element("span", cls("count"), Html.text(Amounts.seconds(seconds)));
    }
}
