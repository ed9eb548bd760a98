package dispatcher.cli.web.page;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The frame around all pages. Safe for any thread.
public final class Layout {
    public static final Asset STYLE = ours("page.css");
    public static final Asset SCRIPT = ours("page.js");
    public static final Asset ICON = ours("icon.svg");

    /// Where changes of a page come from.
    public static final String LIVE = "/live";

    private final List<Page> navigation;
    private final Map<Asset, String> links = new HashMap<>();
    private final InstantSource clock;

    /// @param clock the dispatcher's, by which browsers show how long things take
    public Layout(List<Page> pages, InstantSource clock) {
        this.navigation =
                pages.stream().filter(page -> page.inNavigation().isPresent()).toList();
        this.clock = clock;
        for (var asset : List.of(STYLE, SCRIPT, ICON)) links.put(asset, asset.link());
        for (var page : pages) for (var asset : page.assets()) links.put(asset, asset.link());
    }

    private static Asset ours(String name) {
        return new Asset(name, "dispatcher/cli/web/assets/" + name);
    }

    /// All that pages load.
    public List<Asset> assets() {
        return List.copyOf(links.keySet());
    }

    /// @param note what came of what the browser has just asked for
    public Html page(Page page, PageRequest request, Content content, Optional<String> note) {
        var live = Html.element(
                "main",
                Attribute.id("content"),
                Attribute.of("tabindex", "-1"),
                page.isLive()
                        ? Attribute.of("data-live", LIVE + "?of=" + PageRequest.encode(request.here()))
                        : Html.NOTHING,
                page.isLive() ? Attribute.of("data-mark", content.mark()) : Html.NOTHING,
                element("h1", content.title()),
                Html.of(note.map(Layout::said)),
                content.fixed(),
                content.whole());
        return document(content.title(), request.path(), page.assets(), request.visitor(), live);
    }

    /// Has the focus, so that it is read aloud.
    private static Html said(String note) {
        return element(
                "p",
                cls("said"),
                Attribute.of("role", "status"),
                Attribute.of("tabindex", "-1"),
                Attribute.flag("autofocus"),
                Html.text(note));
    }

    /// One that does not change, such as an error or the form to log in.
    ///
    /// @param path of the page that somebody asked for
    public Html still(String title, String path, Visitor visitor, Html content) {
        return document(
                title,
                path,
                List.of(),
                visitor,
                element(
                        "main",
                        Attribute.id("content"),
                        Attribute.of("tabindex", "-1"),
                        element("h1", title),
                        content));
    }

    private Html document(String title, String path, List<Asset> more, Visitor visitor, Html main) {
        return Html.document(element(
                "html",
                Attribute.of("lang", "en"),
                head(title, more),
                element(
                        "body",
                        Attribute.of("data-now", Long.toString(clock.millis())),
                        element("a", cls("skip"), Attribute.href("#content"), Html.text("Skip to the content")),
                        header(path, visitor),
                        main)));
    }

    private Html head(String title, List<Asset> more) {
        var parts = new ArrayList<Html>();
        parts.add(element("meta", Attribute.of("charset", "utf-8")));
        parts.add(element(
                "meta",
                Attribute.of("name", "viewport"),
                Attribute.of("content", "width=device-width, initial-scale=1")));
        parts.add(element("meta", Attribute.of("name", "color-scheme"), Attribute.of("content", "light dark")));
        parts.add(element("title", title + " · dispatcher"));
        parts.add(load(ICON));
        parts.add(load(STYLE));
        for (var asset : more) parts.add(load(asset));
        parts.add(load(SCRIPT));
        return element("head", Html.all(parts));
    }

    private Html load(Asset asset) {
        var link = links.getOrDefault(asset, asset.link());
        return switch (asset.kind()) {
            case STYLE -> element("link", Attribute.of("rel", "stylesheet"), Attribute.href(link));
            case ICON -> element("link", Attribute.of("rel", "icon"), Attribute.href(link));
            case SCRIPT -> element("script", Attribute.of("src", link), Attribute.flag("defer"));
        };
    }

    private Html header(String path, Visitor visitor) {
        var pages = navigation.stream()
                .map(page -> element(
                        "li",
                        element(
                                "a",
                                Attribute.href(page.path()),
                                isHere(page, path) ? Attribute.of("aria-current", "page") : Html.NOTHING,
                                Html.text(page.inNavigation().orElse("")))))
                .toList();
        return element(
                "header",
                element("span", cls("brand"), Html.text("dispatcher")),
                element("nav", Attribute.of("aria-label", "Pages"), element("ul", Html.all(pages))),
                element("div", Attribute.id("connection"), Attribute.of("role", "status")),
                who(path, visitor));
    }

    private static boolean isHere(Page page, String path) {
        return path.equals(page.path()) || (!page.path().equals("/") && path.startsWith(page.path() + "/"));
    }

    private static Html who(String path, Visitor visitor) {
        if (visitor.mayAct())
            return element(
                    "div",
                    cls("who"),
                    element("span", visitor.user().orElse("")),
                    visitor.hasToken() ? logOut() : Html.NOTHING);
        if (!visitor.logsIn() || path.equals(Visitor.LOGIN)) return Html.NOTHING;
        return element(
                "div", cls("who"), Words.link(PageRequest.link(Visitor.LOGIN, Map.of(Form.BACK, path)), "Log in"));
    }

    private static Html logOut() {
        return element(
                "form",
                Attribute.of("method", "post"),
                Attribute.of("action", Visitor.LOGOUT),
                element("button", "Log out"));
    }
}
