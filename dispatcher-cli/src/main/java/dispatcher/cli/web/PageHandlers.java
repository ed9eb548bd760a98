package dispatcher.cli.web;

import static dispatcher.cli.web.html.Attribute.cls;
import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.Problem;
import dispatcher.cli.api.http.ApiRouting;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.cli.web.html.Attribute;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Layout;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Pages;
import dispatcher.cli.web.page.Visitor;
import dispatcher.cli.web.page.Words;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers browsers: pages and what they load, what changes in them, forms, and logging in.
final class PageHandlers {
    private static final Logger log = LoggerFactory.getLogger(PageHandlers.class);
    private static final Header HTML = HeaderValues.create("Content-Type", "text/html; charset=utf-8");
    private static final Header NOT_KEPT = HeaderValues.create("Cache-Control", "no-store");
    private static final Header KEPT = HeaderValues.create("Cache-Control", "public, max-age=31536000, immutable");
    private static final int MOST_FORM = 64 << 10;
    private static final String TOKEN_FIELD = "token";

    private final Layout layout;
    private final Pages pages;
    private final LiveStreams streams;
    private final Actions actions;
    private final WebAccess access;
    private final ApiRouting api;
    private final Notes notes = new Notes();

    PageHandlers(Layout layout, Pages pages, LiveStreams streams, Actions actions, WebAccess access, ApiRouting api) {
        this.layout = layout;
        this.pages = pages;
        this.streams = streams;
        this.actions = actions;
        this.access = access;
        this.api = api;
    }

    void addTo(HttpRouting.Builder routing) {
        for (var asset : layout.assets()) {
            var content = asset.read();
            var type = HeaderValues.create("Content-Type", asset.kind().contentType());
            routing.get(
                    Asset.PATH + asset.name(),
                    (_, response) -> api.send(response.header(type).header(KEPT), content));
        }
        routing.get(Layout.LIVE, this::live);
        routing.get(Visitor.LOGIN, (request, response) -> showLogin(request, response, Status.OK_200, ""));
        routing.post(Visitor.LOGIN, this::logIn);
        routing.post(Visitor.LOGOUT, this::logOut);
        routing.post(Form.ACTIONS + "{name}", this::act);
    }

    /// Whatever has no handler of its own.
    void page(ServerRequest request, ServerResponse response) {
        var visitor = WebGate.visitor(request);
        var method = request.prologue().method().text();
        if ((!method.equals("GET") && !method.equals("HEAD")) || isForPrograms(request)) {
            api.refuse(request, response);
            return;
        }
        try {
            var note = noteOf(request);
            var found = pages.find(target(request), visitor).map(it -> it.without(Notes.PARAMETER));
            if (found.isEmpty()) {
                showProblem(
                        request,
                        response,
                        Status.NOT_FOUND_404,
                        "There is no such page",
                        "the address may be wrong",
                        "take one of the pages above");
                return;
            }
            send(
                    response,
                    layout.page(
                            found.get().page(),
                            found.get().request(),
                            found.get().content(),
                            note));
        } catch (UserFacingException e) {
            var problem = Problem.of(e);
            showProblem(request, response, Status.create(problem.status()), e.what(), e.why(), e.next());
        } catch (IllegalArgumentException e) {
            showProblem(
                    request,
                    response,
                    Status.BAD_REQUEST_400,
                    "The address is not understood",
                    String.valueOf(e.getMessage()),
                    "correct it, or take one of the pages above");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("the dispatcher ends", e);
        } catch (IOException | RuntimeException e) {
            if (response.isSent()) throw new CloseConnectionException("a page broke off", e);
            log.atWarn().setCause(e).log("a page cannot be shown");
            showProblem(
                    request,
                    response,
                    Status.INTERNAL_SERVER_ERROR_500,
                    "The page cannot be shown",
                    e.toString(),
                    "see the dispatcher's log");
        }
    }

    private static String target(ServerRequest request) {
        var query = request.prologue().query().rawValue();
        var path = request.prologue().uriPath().rawPath();
        return query.isEmpty() ? path : path + "?" + query;
    }

    private static boolean isForPrograms(ServerRequest request) {
        return request.path().path().startsWith("/api/")
                || request.path().path().equals("/metrics");
    }

    private void send(ServerResponse response, Html page) {
        api.send(response.header(HTML).header(NOT_KEPT), page.toString().getBytes(StandardCharsets.UTF_8));
    }

    private void showProblem(
            ServerRequest request, ServerResponse response, Status status, String what, String why, String next) {
        showProblem(request, response, status, what, why, next, "");
    }

    /// @param back where the browser comes from; empty if it is there already
    private void showProblem(
            ServerRequest request,
            ServerResponse response,
            Status status,
            String what,
            String why,
            String next,
            String back) {
        var content = Html.all(
                element("p", cls("problem"), Html.text(why)),
                element("p", Words.advice("What to do: " + next)),
                back.isEmpty() ? Html.NOTHING : element("p", Words.link(back, "Back")));
        var path = request.path().path();
        send(response.status(status), layout.still(what, path, WebGate.visitor(request), content));
    }

    // ---- what changes

    private void live(ServerRequest request, ServerResponse response) {
        var visitor = WebGate.visitor(request);
        var query = new HashMap<String, String>();
        Pages.read(request.prologue().query().rawValue(), query);
        var found = pages.find(query.getOrDefault("of", ""), visitor);
        if (found.isEmpty()) {
            ApiRouting.refuse(response, Problem.noEndpoint("there is no such page"));
            return;
        }
        if (!streams.enter()) {
            response.header(HeaderNames.RETRY_AFTER, "10");
            ApiRouting.refuse(response, Problem.busy("%d pages are open already".formatted(LiveStreams.MOST)));
            return;
        }
        try {
            var mark = WebGate.asker(request).header("Last-Event-ID").orElse(query.getOrDefault("mark", ""));
            response.header(HeaderNames.CONTENT_TYPE, EventStream.TYPE)
                    .header(NOT_KEPT)
                    .header("X-Accel-Buffering", "no")
                    .header(HeaderValues.CONNECTION_CLOSE);
            stream(found.get(), mark, response);
        } finally {
            streams.leave();
        }
    }

    private void stream(Pages.Found page, String mark, ServerResponse response) {
        try (var out = response.outputStream()) {
            var events = new EventStream(out);
            try {
                streams.send(page, mark, events);
            } catch (UserFacingException e) {
                LiveStreams.sendProblem(e, events);
            }
        } catch (InterruptedException e) {
            throw new CloseConnectionException("the dispatcher ends, or the browser does not read", e);
        } catch (IOException | RuntimeException e) {
            throw new CloseConnectionException("the browser has left", e);
        }
    }

    // ---- forms

    private void act(ServerRequest request, ServerResponse response) throws IOException, InterruptedException {
        var fields = form(request);
        var name = request.path().pathParameters().get("name");
        var action = actions.find(name);
        if (action.isEmpty()) {
            ApiRouting.refuse(response, Problem.noEndpoint("there is no action '%s'".formatted(name)));
            return;
        }
        try {
            var said =
                    actions.run(action.get(), fields, WebGate.visitor(request).user());
            goTo(response, said.map(text -> noted(back(fields), text)).orElseGet(() -> back(fields)));
        } catch (UserFacingException e) {
            var problem = Problem.of(e);
            showProblem(request, response, Status.create(problem.status()), e.what(), e.why(), e.next(), back(fields));
        } catch (IllegalArgumentException e) {
            showProblem(
                    request,
                    response,
                    Status.BAD_REQUEST_400,
                    "The form is not understood",
                    String.valueOf(e.getMessage()),
                    "go back and fill it in again",
                    back(fields));
        }
    }

    private Optional<String> noteOf(ServerRequest request) {
        var query = new HashMap<String, String>();
        Pages.read(request.prologue().query().rawValue(), query);
        return Optional.ofNullable(query.get(Notes.PARAMETER)).flatMap(notes::find);
    }

    /// A link that shows a note there.
    private String noted(String link, String note) {
        int end = link.indexOf('?');
        var query = new HashMap<String, String>();
        if (end >= 0) Pages.read(link.substring(end + 1), query);
        query.put(Notes.PARAMETER, notes.keep(note));
        return PageRequest.link(end < 0 ? link : link.substring(0, end), query);
    }

    private static Map<String, String> form(ServerRequest request) throws IOException {
        var fields = new HashMap<String, String>();
        if (!request.content().hasEntity()) return fields;
        var body = request.content().inputStream().readNBytes(MOST_FORM);
        Pages.read(new String(body, StandardCharsets.UTF_8), fields);
        return fields;
    }

    private static String back(Map<String, String> fields) {
        return Optional.ofNullable(fields.get(Form.BACK))
                .filter(Attribute::isLocal)
                .filter(link -> link.startsWith("/"))
                .orElse("/");
    }

    private static void goTo(ServerResponse response, String link) {
        response.status(Status.SEE_OTHER_303)
                .header(HeaderNames.LOCATION, link)
                .header(NOT_KEPT)
                .send();
    }

    // ---- who asks

    /// Says that somebody may not do that: to a browser by the form to log in, if that helps.
    void refuse(Asker asker, Visitor visitor, ServerRequest request, ServerResponse response) {
        boolean looks = request.prologue().method().text().equals("GET");
        if (looks
                && access.logsIn()
                && !isForPrograms(request)
                && !request.path().path().equals(Layout.LIVE)) {
            goTo(response, PageRequest.link(Visitor.LOGIN, Map.of(Form.BACK, target(request))));
            return;
        }
        if (access.isThrottled(asker.peer())) {
            ApiRouting.refuse(response, Problem.tooManyTries());
            return;
        }
        response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
        ApiRouting.refuse(
                response, Problem.unauthorized(access.logsIn(), visitor.user().isPresent()));
    }

    private void showLogin(ServerRequest request, ServerResponse response, Status status, String fault) {
        var back = new HashMap<String, String>();
        Pages.read(request.prologue().query().rawValue(), back);
        var visitor = WebGate.visitor(request);
        if (!access.logsIn()) {
            showProblem(
                    request,
                    response,
                    Status.NOT_FOUND_404,
                    "There is nothing to log in with",
                    "the settings have no web.tokenFile",
                    "set it, or let a reverse proxy say who asks (web.userHeader)");
            return;
        }
        send(response.status(status), layout.still("Log in", Visitor.LOGIN, visitor, loginForm(back(back), fault)));
    }

    private static Html loginForm(String back, String fault) {
        return element(
                "form",
                cls("login"),
                Attribute.of("method", "post"),
                Attribute.of("action", Visitor.LOGIN),
                fault.isEmpty()
                        ? Html.NOTHING
                        : element("p", cls("problem"), Attribute.of("role", "alert"), Html.text(fault)),
                // By this, programs that keep passwords know what the token is for.
                element(
                        "input",
                        Attribute.of("name", "username"),
                        Attribute.of("value", "dispatcher"),
                        Attribute.of("autocomplete", "username"),
                        Attribute.flag("hidden")),
                element(
                        "label",
                        element("span", "Token, as in the file that web.tokenFile names"),
                        element(
                                "input",
                                Attribute.of("type", "password"),
                                Attribute.of("name", TOKEN_FIELD),
                                Attribute.flag("required"),
                                Attribute.of("autocomplete", "current-password"))),
                element(
                        "input",
                        Attribute.of("type", "hidden"),
                        Attribute.of("name", Form.BACK),
                        Attribute.of("value", back)),
                element("button", "Log in"),
                element("p", Words.link("/", "Back")));
    }

    private void logIn(ServerRequest request, ServerResponse response) throws IOException {
        var fields = form(request);
        var peer = WebGate.asker(request).peer();
        if (access.isThrottled(peer)) {
            showLogin(
                    request,
                    response,
                    Status.TOO_MANY_REQUESTS_429,
                    "Too many wrong tokens came from your address. Try again in some seconds.");
            return;
        }
        if (!access.accepts(fields.getOrDefault(TOKEN_FIELD, "").strip(), peer)) {
            log.atWarn().addKeyValue("from", peer.getHostAddress()).log("a wrong token was given on the page");
            showLogin(request, response, Status.FORBIDDEN_403, "That is not the token.");
            return;
        }
        log.atInfo().addKeyValue("from", peer.getHostAddress()).log("logged in on the page");
        setCookie(response, access.pass(), WebToken.GOOD_FOR.toSeconds());
        goTo(response, back(fields));
    }

    private void logOut(ServerRequest request, ServerResponse response) {
        setCookie(response, "", 0);
        goTo(response, "/");
    }

    private static void setCookie(ServerResponse response, String value, long seconds) {
        response.header(
                HeaderNames.SET_COOKIE,
                "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d".formatted(WebAccess.COOKIE, value, seconds));
    }
}
