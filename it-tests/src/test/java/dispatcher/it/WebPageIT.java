package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.it.browser.Axe;
import dispatcher.it.browser.Browser;
import dispatcher.it.browser.Browser.View;
import dispatcher.it.browser.NeedsBrowser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The page in a real browser, of a dispatcher with very many machines and builds. All pages of the navigation are
/// looked at, and one of each kind that they lead to.
///
/// Figures are printed beside their goals, and may be five times as much; `bench/page` takes more samples of them.
/// Pictures of all pages are in `target/screenshots`.
@NeedsNamespaces
@NeedsBrowser
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(600)
class WebPageIT {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int SAMPLES = Integer.getInteger("it.samples", 5);
    private static final int MOST_TABS = 60;
    private static final Path PICTURES = Path.of("target", "screenshots");

    /// Where the pictures of the documents are to go; see `scripts/screenshots`.
    private static final @Nullable String DOCUMENTS = System.getProperty("it.pictures");

    private static final String LIVE = "document.getElementById('connection').textContent === 'live'";
    private static final String FOCUSED = "document.activeElement.textContent.trim()";

    private final PageFigures figures = new PageFigures();
    private final Set<String> pages = new LinkedHashSet<>();
    private LargeSite site;
    private Browser browser;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        site = LargeSite.start();
        browser = Browser.start(folder);
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = site) {
            if (browser != null) browser.close();
        }
        figures.write();
    }

    @BeforeEach
    void lookAsUsual() throws Exception {
        browser.look(View.DESKTOP);
        browser.complaints();
    }

    @AfterEach
    void nothingIsComplainedOf() throws Exception {
        assertThat(browser.complaints()).isEmpty();
    }

    private void open(String path) throws Exception {
        browser.open(site.url(path));
        if (!browser.text("document.querySelector('main').dataset.live").isEmpty()) browser.await(LIVE, SOON);
    }

    private List<String> links(String selector) throws Exception {
        var links = new ArrayList<String>();
        var script = "return [...document.querySelectorAll(arguments[0])].map(it => it.getAttribute('href'))";
        for (var link : browser.script(script, selector)) links.add(link.asText());
        return links;
    }

    private List<String> navigation() throws Exception {
        open("/");
        var paths = links("nav a");
        assertThat(paths).contains("/", "/machines", "/queue", "/running");
        return paths;
    }

    /// Those of the navigation, one of each kind that any page leads to, and those that everybody can get to see.
    private Set<String> allPages() throws Exception {
        if (!pages.isEmpty()) return pages;
        var paths = new LinkedHashMap<String, String>();
        for (var path : navigation()) paths.put(kindOf(path), path);
        var open = new ArrayDeque<>(paths.values());
        while (!open.isEmpty()) {
            open(open.remove());
            for (var link : links("main a"))
                if (!paths.containsKey(kindOf(link)) && site.isPage(link)) {
                    paths.put(kindOf(link), link);
                    open.add(link);
                }
        }
        paths.put("/login", "/login");
        paths.put("/nothing", "/nothing");
        pages.addAll(paths.values());
        return pages;
    }

    /// The same for all builds, and for all machines.
    private static String kindOf(String path) {
        return path.replaceAll("[?#].*", "").replaceAll("^(/[^/]+)/[^/]+", "$1/one");
    }

    private static String nameOf(String path) {
        var name = kindOf(path).substring(1).replace('/', '-');
        return name.isEmpty() ? "overview" : name;
    }

    @Test
    @Order(1)
    void pagesShowWhatIsGoingOn() throws Exception {
        open("/");
        assertThat(browser.text("document.title")).isEqualTo("Overview · dispatcher");
        assertThat(browser.text("document.querySelector('.figures').innerText"))
                .contains(
                        "%d\nrunning".formatted(LargeSite.RUNNING),
                        "%d\nwaiting".formatted(LargeSite.WAITING),
                        "of %d".formatted(LargeSite.MACHINES),
                        "built");
        assertThat(browser.text("document.querySelector('main').innerText")).contains("undescribed");

        open("/machines");
        assertThat(browser.text("document.querySelector('main').innerText"))
                .contains("%d machines".formatted(LargeSite.MACHINES), site.realMachine(), "4 of 4");
        open("/machines/" + site.realMachine());
        assertThat(browser.text("document.querySelector('main').innerText"))
                .contains("ready", "x86_64-linux", "sleeper-");
        open("/running?machine=" + site.realMachine());
        assertThat(browser.number("document.querySelectorAll('main tbody tr').length"))
                .isEqualTo(4);
        open("/queue");
        assertThat(browser.text("document.querySelector('main').innerText"))
                .contains("sleeper-", "1 of 3", "%d builds".formatted(LargeSite.WAITING));
    }

    @Test
    @Order(2)
    void noPageAsksAnyOtherHostOrComplainsOrIsWiderThanAPhone() throws Exception {
        browser.requests();
        for (var path : allPages()) {
            for (var view : List.of(View.PHONE, View.DESKTOP)) {
                browser.look(view);
                open(path);
                assertThat(browser.number(
                                "document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                        .as("how much wider %s is than a %s", path, view.name())
                        .isZero();
                browser.screenshot(PICTURES.resolve(nameOf(path) + "-" + view.name() + ".png"));
            }
            assertThat(browser.complaints())
                    .as(path)
                    .allMatch(line -> path.equals("/nothing") && line.contains("status of 404"));
        }
        assertThat(browser.requests())
                .isNotEmpty()
                .allMatch(
                        ((Predicate<String>) url -> url.startsWith(site.url("/"))).or(url -> url.startsWith("data:")));
    }

    @Test
    @Order(3)
    void everyPageIsForEverybody() throws Exception {
        var axe = new Axe();
        var minor = new LinkedHashSet<String>();
        for (var path : allPages()) {
            for (var view : List.of(View.DESKTOP, View.DARK, View.PHONE)) {
                browser.look(view);
                if (view.equals(View.DESKTOP)) open(path);
                var found = view.equals(View.DARK) ? axe.look(browser, "color-contrast") : axe.look(browser);
                assertThat(found.stream().filter(Axe.Violation::isSevere))
                        .as("%s, %s", path, view.name())
                        .isEmpty();
                found.forEach(it -> minor.add(path + ": " + it.rule() + ": " + it.help()));
            }
        }
        minor.forEach(line -> System.out.println("not severe: " + line));
        browser.complaints();
    }

    @Test
    @Order(4)
    void figuresOfLoading() throws Exception {
        for (var path : navigation()) {
            open(path);
            figures.most("%s interactive, ms".formatted(path), interactive(), 1_000);
        }
        open("/machines");
        for (int i = 0; i < SAMPLES; i++) changes();
        figures.most("/machines, heap after %d changes, MB".formatted(2 * SAMPLES), browser.heap() / 1e6, 60);
    }

    /// Milliseconds from asking for the page until it was painted and its script had run.
    private double interactive() throws Exception {
        browser.await("performance.getEntriesByName('first-contentful-paint').length", SOON);
        return browser.number("""
                Math.max(performance.getEntriesByName('first-contentful-paint')[0].startTime,
                         performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd)""");
    }

    @Test
    @Order(5)
    void figuresOfFollowing() throws Exception {
        open("/machines");
        var took = new ArrayList<Double>();
        for (int i = 0; i < SAMPLES; i++) took.addAll(changes());
        took.sort(null);
        figures.most(
                "a machine is drained or resumed, until it is seen, median of %d, ms".formatted(took.size()),
                took.get(took.size() / 2),
                300);
        figures.most("the same, the longest, ms", took.getLast(), 300);
    }

    /// Drains a machine and resumes it; how long each took from the request until the page showed it.
    private List<Double> changes() throws Exception {
        var first = seenAfter(() -> site.drain(site.machine()), "row.textContent.includes('drained')");
        var second = seenAfter(() -> site.resume(site.machine()), "!row.textContent.includes('drained')");
        return List.of(first, second);
    }

    private interface Act {
        void run() throws Exception;
    }

    private double seenAfter(Act act, String condition) throws Exception {
        browser.script("""
                window.seen = new Promise(resolve => {
                  const link = '[href="/machines/%s"]';
                  const look = () => {
                    const row = document.querySelector(link).closest('tr');
                    if (!(%s)) return;
                    observer.disconnect();
                    resolve(Date.now());
                  };
                  const observer = new MutationObserver(look);
                  observer.observe(document.querySelector('main'), {subtree: true, childList: true});
                });
                """.formatted(site.machine(), condition));
        long begin = System.currentTimeMillis();
        act.run();
        return browser.script("return window.seen").asDouble() - begin;
    }

    @Test
    @Order(6)
    void newBuildIsSeenByItself() throws Exception {
        open("/queue");
        site.buildOneMore();
        browser.await("document.querySelector('main').innerText.includes('4 builds')", SOON);
    }

    @Test
    @Order(7)
    void keyboardAloneLogsInAndDrains() throws Exception {
        var path = "/machines/" + site.machine();
        open(path);
        browser.press(Browser.Key.TAB);
        assertThat(browser.text(FOCUSED)).isEqualTo("Skip to the content");
        browser.press(Browser.Key.ENTER);
        browser.await("document.activeElement.id === 'content'", SOON);

        open("/login?back=" + path);
        browser.type("input[name=token]", site.token());
        browser.press(Browser.Key.ENTER);
        browser.await("location.pathname === '%s'".formatted(path), SOON);
        browser.await(LIVE, SOON);

        pressButton("Drain");
        browser.await("document.querySelector('main').innerText.includes('drained')", SOON);
        browser.await(LIVE, SOON);
        pressButton("Resume");
        browser.await("!document.querySelector('main').innerText.includes('drained')", SOON);
    }

    private void pressButton(String text) throws Exception {
        var way = new ArrayList<String>();
        do {
            browser.press(Browser.Key.TAB);
            way.add(browser.text(FOCUSED));
            assertThat(way).as("the way to the button " + text).hasSizeLessThan(MOST_TABS);
        } while (!browser.text("document.activeElement.matches('button') && " + FOCUSED)
                .equals(text));
        assertThat(browser.text("getComputedStyle(document.activeElement).outlineStyle"))
                .as("focus is seen")
                .isNotEqualTo("none");
        browser.press(Browser.Key.SPACE);
    }

    @Test
    @Order(8)
    void focusStaysWhereItIsWhileTheRowAroundItChanges() throws Exception {
        open("/machines");
        browser.script("document.querySelector('[href=\"/machines/%s\"]').focus()".formatted(site.machine()));
        changes();
        assertThat(browser.text("document.activeElement.getAttribute('href')"))
                .isEqualTo("/machines/" + site.machine());
    }

    @Test
    @Order(8)
    void whatSomebodyHasSelectedStaysUntilItIsCopied() throws Exception {
        open("/machines?name=" + site.machine());
        browser.script("""
                document.getSelection().selectAllChildren(document.querySelector('tbody th'));
                window.changed = new Promise(come => document.addEventListener('dispatcher:changed', come));
                """);
        site.drain(site.machine());
        browser.script("return window.changed.then(() => true)");
        assertThat(browser.text("document.getSelection().toString()")).isEqualTo(site.machine());
        browser.script("document.getSelection().removeAllRanges()");
        browser.await("document.querySelector('tbody').innerText.includes('drained')", SOON);
        site.resume(site.machine());
    }

    @Test
    @Order(9)
    void pictures() throws Exception {
        if (DOCUMENTS == null) return;
        var target = Checkout.root().resolve(DOCUMENTS);
        open("/");
        browser.screenshot(target.resolve("page-overview.png"));
        open("/machines?sort=slots");
        browser.screenshot(target.resolve("page-machines.png"));
        for (var picture : List.of("overview", "machines"))
            assertThat(Files.size(target.resolve("page-%s.png".formatted(picture))))
                    .as("bytes of " + picture)
                    .isLessThan(150_000);
    }

    /// The last one, as all builds end.
    @Test
    @Order(10)
    void saysThatItIsCutOffAndGoesOnByItself() throws Exception {
        open("/machines?name=" + site.machine());
        site.stopDispatcher();
        browser.await("document.getElementById('connection').textContent.startsWith('disconnected')", SOON);

        site.startDispatcher();
        browser.await(LIVE, SOON);
        site.drain(site.machine());
        browser.await("document.querySelector('main').innerText.includes('drained')", SOON);

        assertThat(browser.complaints()).allMatch(line -> line.contains("net::ERR_"));
        assertThat(site.log()).doesNotContain("a page cannot be shown", "bug:");
    }
}
