package dispatcher.it.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dispatcher.it.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A headless Chromium with one window, driven over W3C WebDriver. Confined to one thread.
///
/// Scripts are bodies of functions, as in `return document.title`; a promise that they return is waited for. They may
/// do what the page's content security policy forbids the page itself.
public final class Browser implements AutoCloseable {
    static final String CHROMIUM = "/usr/bin/chromium";
    static final String DRIVER = "/usr/bin/chromedriver";

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern PORT = Pattern.compile("started successfully on port (\\d+)");
    private static final String ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> ARGUMENTS = List.of(
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
            "--lang=en-US");

    private final Process driver;
    private final HttpClient http = HttpClient.newHttpClient();
    private final URI sessions;
    private final String session;

    /// How a page is looked at.
    ///
    /// @param name   for files
    /// @param width  of the window, in pixels
    /// @param isDark whether the person prefers dark colours
    public record View(String name, int width, int height, boolean isDark) {
        public static final View DESKTOP = new View("desktop", 1280, 800, false);
        public static final View DARK = new View("dark", 1280, 800, true);
        public static final View PHONE = new View("phone", 390, 844, false);

        boolean isPhone() {
            return width < 640;
        }
    }

    /// The keys that tests press, as WebDriver has them.
    public enum Key {
        TAB('\uE004'),
        ENTER('\uE007'),
        SPACE(' ');

        private final char code;

        Key(char code) {
            this.code = code;
        }
    }

    private Browser(Process driver, int port, Path profile) throws IOException, InterruptedException {
        this.driver = driver;
        this.sessions = URI.create("http://127.0.0.1:%d/session".formatted(port));
        var arguments = new ArrayList<>(ARGUMENTS);
        arguments.add("--user-data-dir=" + profile);
        arguments.add("--window-size=%d,%d".formatted(View.DESKTOP.width(), View.DESKTOP.height()));
        var wanted = Map.of(
                "browserName",
                "chrome",
                "goog:chromeOptions",
                Map.of("binary", CHROMIUM, "args", arguments),
                "goog:loggingPrefs",
                Map.of("browser", "ALL", "performance", "ALL"));
        this.session = ask("POST", sessions.toString(), Map.of("capabilities", Map.of("alwaysMatch", wanted)))
                .path("sessionId")
                .asText();
    }

    /// Starts one.
    ///
    /// @param folder for its profile and the driver's log
    public static Browser start(Path folder) throws Exception {
        Path log = folder.resolve("chromedriver.log");
        var driver = new ProcessBuilder(DRIVER, "--port=0")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            Await.until(LIMIT, () -> "chromedriver\n" + read(log), () -> {
                if (!driver.isAlive()) throw new AssertionError("chromedriver has ended\n" + read(log));
                return PORT.matcher(read(log)).find();
            });
            var port = PORT.matcher(read(log)).results().findFirst().orElseThrow();
            return new Browser(driver, Integer.parseInt(port.group(1)), folder.resolve("profile"));
        } catch (Throwable e) {
            kill(driver);
            throw e;
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "";
        }
    }

    // ---- pages

    /// Goes to a page, and returns when all that belongs to it is there.
    public void open(String url) throws IOException, InterruptedException {
        command("/url", Map.of("url", url));
    }

    /// What a script returns.
    public JsonNode script(String body, Object... arguments) throws IOException, InterruptedException {
        return command("/execute/sync", Map.of("script", body, "args", List.of(arguments)));
    }

    /// The value of an expression as text; empty for none.
    public String text(String expression) throws IOException, InterruptedException {
        return script("return String((%s) ?? '')".formatted(expression)).asText();
    }

    /// The value of an expression as a number.
    public double number(String expression) throws IOException, InterruptedException {
        return script("return Number(%s)".formatted(expression)).asDouble();
    }

    /// Returns as soon as an expression is true.
    public void await(String expression, Duration limit) throws Exception {
        Await.until(
                limit,
                () -> "%s%non the page%n%s".formatted(expression, shown()),
                () -> script("return Boolean(%s)".formatted(expression)).asBoolean());
    }

    private String shown() {
        try {
            return text("location.href + '\\n' + document.body.innerText.slice(0, 4000)");
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }

    /// Writes into the field that a selector names.
    public void type(String selector, String text) throws IOException, InterruptedException {
        var field = command("/element", Map.of("using", "css selector", "value", selector))
                .path(ELEMENT)
                .asText();
        command("/element/%s/value".formatted(field), Map.of("text", text));
    }

    /// Presses a key and lets it go, wherever the focus is.
    public void press(Key key) throws IOException, InterruptedException {
        var code = Character.toString(key.code);
        var strokes = List.of(Map.of("type", "keyDown", "value", code), Map.of("type", "keyUp", "value", code));
        command("/actions", Map.of("actions", List.of(Map.of("type", "key", "id", "keyboard", "actions", strokes))));
    }

    // ---- how they look

    /// Looks at this and later pages so.
    public void look(View view) throws IOException, InterruptedException {
        devTools(
                "Emulation.setDeviceMetricsOverride",
                Map.of(
                        "width",
                        view.width(),
                        "height",
                        view.height(),
                        "deviceScaleFactor",
                        1,
                        "mobile",
                        view.isPhone()));
        var scheme = Map.of("name", "prefers-color-scheme", "value", view.isDark() ? "dark" : "light");
        devTools("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
    }

    /// Writes what is seen as a PNG.
    public void screenshot(Path file) throws IOException, InterruptedException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(
                file,
                Base64.getDecoder().decode(ask("GET", path("/screenshot"), null).asText()));
    }

    // ---- what happens in it

    /// A command of the DevTools protocol.
    public JsonNode devTools(String command, Map<String, Object> parameters) throws IOException, InterruptedException {
        return command("/goog/cdp/execute", Map.of("cmd", command, "params", parameters));
    }

    /// What pages and the browser have complained about since the last call.
    public List<String> complaints() throws IOException, InterruptedException {
        var lines = new ArrayList<String>();
        for (var entry : command("/se/log", Map.of("type", "browser")))
            lines.add(entry.path("level").asText() + " " + entry.path("message").asText());
        return lines;
    }

    /// The addresses that pages have asked for since the last call, each as often as it was.
    public List<String> requests() throws IOException, InterruptedException {
        var urls = new ArrayList<String>();
        for (var entry : command("/se/log", Map.of("type", "performance"))) {
            var message = JSON.readTree(entry.path("message").asText()).path("message");
            if (message.path("method").asText().equals("Network.requestWillBeSent"))
                urls.add(message.path("params").path("request").path("url").asText());
        }
        return urls;
    }

    /// Bytes that the page's objects take after a garbage collection.
    public long heap() throws IOException, InterruptedException {
        devTools("HeapProfiler.collectGarbage", Map.of());
        return devTools("Runtime.getHeapUsage", Map.of()).path("usedSize").asLong();
    }

    // ---- the protocol

    private String path(String path) {
        return "%s/%s%s".formatted(sessions, session, path);
    }

    private JsonNode command(String path, Map<String, Object> body) throws IOException, InterruptedException {
        return ask("POST", path(path), body);
    }

    private JsonNode ask(String method, String url, @Nullable Object body) throws IOException, InterruptedException {
        var content = body == null
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
        var answer = http.send(
                HttpRequest.newBuilder(URI.create(url))
                        .timeout(LIMIT)
                        .method(method, content)
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        var value = JSON.readTree(answer.body()).path("value");
        if (answer.statusCode() != 200)
            throw new AssertionError("chromedriver: %s: %s: %s"
                    .formatted(
                            URI.create(url).getPath(),
                            value.path("error").asText(),
                            value.path("message").asText()));
        return value;
    }

    @Override
    public void close() {
        try (http) {
            ask("DELETE", path(""), null);
        } catch (IOException e) {
            // The driver is killed with all that it has started.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            kill(driver);
        }
    }

    private static void kill(Process driver) {
        driver.descendants().forEach(ProcessHandle::destroyForcibly);
        driver.destroyForcibly().onExit().join();
    }
}
