package dispatcher.cli.web.build;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.terminal.Sizes;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Facts;
import dispatcher.cli.web.page.Links;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/// All that is known of one build. Its address has the number of the build, or the name of its derivation's store path:
/// then it shows the newest build of that which runs, or else the newest.
///
/// @param clock the dispatcher's
record BuildPage(InstantSource clock) implements Page {
    static final Asset STYLE = new Asset("build.css", "dispatcher/cli/web/assets/build.css");
    private static final Asset SCRIPT = new Asset("build.js", "dispatcher/cli/web/assets/build.js");
    private static final String NUMBER = "\\d{1,18}";
    private static final String MOST_OF_A_NAME = "200";

    @Override
    public String path() {
        return Links.BUILDS + "/{id}";
    }

    @Override
    public List<Asset> assets() {
        return List.of(STYLE, SCRIPT);
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        var build = build(request);
        var placements = new Placements(build);
        return new Content(
                "%s, build %d".formatted(build.name(), build.id()),
                Html.NOTHING,
                List.of(
                        Region.of("build", facts(build), message(build)),
                        buttons(request, build),
                        new BuildTimes(build, clock.instant()).region(),
                        placements.attempts(),
                        placements.explanations(),
                        log(build)));
    }

    private static BuildAnswer build(PageRequest request) throws IOException, InterruptedException {
        var wanted = request.inPath().getOrDefault(BuildAnswer.ID, "");
        var id = wanted.matches(NUMBER) ? wanted : Long.toString(newest(request, wanted));
        return request.ask(BuildAnswer.class, BuildAnswer.PATH, Map.of(BuildAnswer.ID, id));
    }

    private static long newest(PageRequest request, String drv) throws IOException, InterruptedException {
        var name = Words.name(drv).replaceFirst("\\.drv$", "");
        var builds = request
                .ask(BuildsAnswer.class, BuildsAnswer.PATH, Map.of("name", name, "rows", MOST_OF_A_NAME))
                .builds()
                .stream()
                .filter(build -> build.drv().equals(drv))
                .toList();
        return builds.stream()
                .filter(Outcomes::runs)
                .findFirst()
                .or(() -> builds.stream().findFirst())
                .map(BuildAnswer::id)
                .orElseThrow(() -> new UnknownThingException(
                        "There is no build of " + drv,
                        "none was asked for, or its record is older than records.keep",
                        "see /builds"));
    }

    private static Html facts(BuildAnswer build) {
        var facts = new Facts();
        facts.add(
                "Outcome",
                Html.all(Outcomes.badge(build), element("span", cls("why"), Html.text(Outcomes.meaning(build)))));
        facts.add("Client", build.client().isEmpty() ? Words.DASH : Html.text(build.client()));
        facts.add("Machine", build.machine().map(Links::machine).orElse(Words.DASH));
        facts.add("Derivation", Html.text(build.drv()));
        facts.add("System", Html.text(build.system()));
        facts.add("Features", Words.tags(build.features()));
        build.copied()
                .ifPresent(it -> facts.add(
                        "Copied in",
                        Html.text(moved(it.paths(), it.bytes(), it.took().doubleValue()))));
        build.fetched()
                .ifPresent(it -> facts.add(
                        "Copied out",
                        Html.text(moved(it.paths(), it.bytes(), it.took().doubleValue()))));
        build.built().ifPresent(it -> facts.add("Built in", Html.text(Amounts.seconds(it.doubleValue()))));
        build.outputBytes().ifPresent(bytes -> facts.add("Outputs", Words.bytes(bytes)));
        build.peakMemory().ifPresent(bytes -> facts.add("Memory at most", Words.bytes(bytes)));
        return facts.list();
    }

    private static String moved(long paths, long bytes, double seconds) {
        return "%s, %s in %s".formatted(Words.count(paths, "path"), Sizes.show(bytes), Amounts.seconds(seconds));
    }

    private static Region buttons(PageRequest request, BuildAnswer build) {
        if (!Outcomes.goesOn(build) || !BuildButtons.areFor(request)) return Region.of("buttons");
        return Region.of(
                "buttons",
                element("h2", "Change it"),
                BuildButtons.forms(request, Long.toString(build.id()), Outcomes.waits(build)));
    }

    private static Html message(BuildAnswer build) {
        return Html.of(build.message()
                .map(message -> Html.all(element("h2", "Why"), element("pre", cls("message"), Html.text(message)))));
    }

    /// Where the script puts the log. It never changes, so that it is not sent again while somebody reads.
    private static Region log(BuildAnswer build) {
        var events = BuildAnswer.pathOf(LogStreams.EVENTS, build.id());
        return Region.of(
                "log",
                element("h2", "Log"),
                element(
                        "nav",
                        cls("more"),
                        Attribute.of("aria-label", "The whole log"),
                        Words.link(BuildAnswer.pathOf(LogPage.PATH, build.id()), "All of it, with colours"),
                        Words.link(BuildAnswer.pathOf(LogStreams.TEXT, build.id()), "All of it as text")),
                element(
                        "p",
                        element("span", Attribute.id("log-state"), Attribute.of("role", "status")),
                        element(
                                "label",
                                cls("follow"),
                                element(
                                        "input",
                                        Attribute.id("log-follow"),
                                        Attribute.of("type", "checkbox"),
                                        Attribute.flag("checked")),
                                Html.text("Keep the end in view"))),
                element(
                        "div",
                        Attribute.id("log-rows"),
                        cls("log"),
                        Attribute.of("role", "log"),
                        Attribute.of("aria-live", "off"),
                        Attribute.of("aria-label", "Log"),
                        Attribute.of("tabindex", "0"),
                        Attribute.of("data-events", events)));
    }
}
