package dispatcher.cli.web.build;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Links;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The log of one build from any place on, a part at a time; all of it can be read without a script.
final class LogPage implements Page {
    static final String PATH = Links.BUILDS + "/{id}/log";

    /// Bytes of a log on one page.
    static final int PART = 256 << 10;

    private static final String FROM = BuildAnswer.Log.FROM;
    private static final String LAST = BuildAnswer.Log.LAST;

    @Override
    public String path() {
        return PATH;
    }

    @Override
    public List<Asset> assets() {
        return List.of(BuildPage.STYLE);
    }

    @Override
    public boolean isLive() {
        return false;
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var id = request.inPath().getOrDefault(BuildAnswer.ID, "");
        var parameters = new HashMap<>(Map.of(BuildAnswer.ID, id, BuildAnswer.Log.BYTES, Integer.toString(PART)));
        for (var name : List.of(FROM, LAST)) request.parameter(name).ifPresent(value -> parameters.put(name, value));
        var log = request.ask(BuildAnswer.Log.class, BuildAnswer.LOG_PATH, parameters);
        var build = request.ask(BuildAnswer.class, BuildAnswer.PATH, Map.of(BuildAnswer.ID, id));
        var links = links(request, build, log);
        return new Content(
                "Log of %s, build %d".formatted(build.name(), build.id()),
                links,
                List.of(Region.of(
                        "log",
                        log.text().isEmpty()
                                ? element("p", cls("none"), Html.text("It has printed nothing."))
                                : element(
                                        "div",
                                        cls("log"),
                                        Attribute.of("role", "region"),
                                        Attribute.of("aria-label", "Log"),
                                        Attribute.of("tabindex", "0"),
                                        new LogRows().of(log.text())),
                        log.more()
                                ? element("nav", Attribute.of("aria-label", "After it"), next(request, log))
                                : Html.NOTHING)));
    }

    private static Html links(PageRequest request, BuildAnswer build, BuildAnswer.Log log) {
        var links = new ArrayList<Html>();
        links.add(Words.link(Links.build(build.id()), "The build"));
        links.add(Words.link(BuildAnswer.pathOf(LogStreams.TEXT, build.id()), "All as text"));
        if (log.from() > 0) links.add(Words.link(request.path(), "Beginning"));
        if (log.more()) {
            links.add(next(request, log));
            links.add(Words.link(PageRequest.link(request.path(), Map.of(LAST, Integer.toString(PART))), "End"));
        }
        return element("nav", cls("more"), Attribute.of("aria-label", "Parts of the log"), Html.all(links));
    }

    private static Html next(PageRequest request, BuildAnswer.Log log) {
        return Words.link(PageRequest.link(request.path(), Map.of(FROM, Long.toString(log.next()))), "Next part");
    }
}
