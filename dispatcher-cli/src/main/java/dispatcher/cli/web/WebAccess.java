package dispatcher.cli.web;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.access.LoginThrottle;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.web.page.Visitor;
import dispatcher.text.Printable;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// Who may see the page, and who may act there. Safe for any thread.
///
/// - On a loopback address anybody on this host may look. Elsewhere the token or a reverse proxy's word is needed.
/// - Actions need the token or the proxy's word everywhere.
/// - A page of another site can neither act in somebody's browser, nor look by a name of its own for this host.
final class WebAccess {
    static final String COOKIE = "dispatcher";
    private static final int FREE_WRONG_TOKENS = 5;
    private static final int LONGEST_USER = 100;
    private static final String BEARER = "Bearer ";

    private final HostAndPort address;
    private final Settings.Web web;
    private final Optional<WebToken> token;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final LoginThrottle wrong = new LoginThrottle(FREE_WRONG_TOKENS);

    WebAccess(HostAndPort address, Settings.Web web, Optional<WebToken> token, LongSupplier nanoTime) {
        this.address = address;
        this.web = web;
        this.token = token;
        this.nanoTime = nanoTime;
    }

    boolean logsIn() {
        return token.isPresent();
    }

    /// Whether anybody may look.
    boolean isOpen() {
        return Settings.Web.isLoopback(address);
    }

    Visitor visitor(Asker asker) {
        return proxyUser(asker)
                .or(() -> tokenUser(asker))
                .map(user -> new Visitor(Optional.of(user), true, logsIn()))
                .orElse(Visitor.unknown(logsIn()));
    }

    boolean maySee(Visitor visitor) {
        return visitor.mayAct() || isOpen();
    }

    private Optional<String> proxyUser(Asker asker) {
        if (!web.proxies().contains(asker.peer())) return Optional.empty();
        return web.userHeader()
                .flatMap(asker::header)
                .map(String::strip)
                .filter(user -> !user.isEmpty())
                .map(user -> Printable.line(user, LONGEST_USER));
    }

    private Optional<String> tokenUser(Asker asker) {
        if (token.isEmpty()) return Optional.empty();
        boolean known = asker.cookie(COOKIE).filter(token.get()::isPass).isPresent()
                || asker.header("Authorization")
                        .filter(text -> text.startsWith(BEARER))
                        .filter(text -> accepts(text.substring(BEARER.length()).strip(), asker.peer()))
                        .isPresent();
        return known ? Optional.of(Visitor.TOKEN) : Optional.empty();
    }

    /// Whether somebody has shown the token. An address from which wrong ones keep coming is not listened to for a
    /// while.
    boolean accepts(String text, InetAddress peer) {
        if (token.isEmpty() || isThrottled(peer)) return false;
        boolean right = token.get().is(text);
        lock.lock();
        try {
            if (right) wrong.succeeded(peer.getHostAddress());
            else wrong.failed(peer.getHostAddress(), LoginThrottle.FAILURE, nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
        return right;
    }

    boolean isThrottled(InetAddress peer) {
        lock.lock();
        try {
            return wrong.isFailing(peer.getHostAddress(), nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    /// What a browser gets that has shown the token.
    String pass() {
        return token.orElseThrow().pass();
    }

    /// Why a request is refused, whoever asks; empty if it is not.
    Optional<String> objection(Asker asker, String method) {
        if (!isKnownHost(asker))
            return Optional.of("it asks for a host that is not this one: open the page as http://%s/, or write the name"
                            .formatted(address)
                    + " into web.hosts");
        boolean looks = method.equals("GET") || method.equals("HEAD");
        if (!looks && !isFromHere(asker)) return Optional.of("it comes from a page of another site");
        return Optional.empty();
    }

    /// A page of another site can have its name resolve to this host, and would then be let in as if it were ours.
    private boolean isKnownHost(Asker asker) {
        if (!asker.peer().isLoopbackAddress()) return true;
        var host = asker.header("Host").map(WebAccess::withoutPort).orElse("");
        return host.equals("localhost")
                || Settings.Web.isLoopback(host)
                || host.equals(address.host().toLowerCase(Locale.ROOT))
                || web.hosts().contains(host);
    }

    private static String withoutPort(String text) {
        var host = text.toLowerCase(Locale.ROOT).replaceFirst(":\\d*$", "");
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /// Every browser says where a form was, one way or the other; programs say neither and have no cookies.
    private static boolean isFromHere(Asker asker) {
        if (asker.has("Sec-Fetch-Site"))
            return asker.header("Sec-Fetch-Site").filter("same-origin"::equals).isPresent();
        if (asker.has("Origin"))
            return asker.header("Origin")
                    .flatMap(WebAccess::authority)
                    .filter(authority -> asker.header("Host")
                            .filter(authority::equalsIgnoreCase)
                            .isPresent())
                    .isPresent();
        return !asker.has("Cookie");
    }

    private static Optional<String> authority(String origin) {
        try {
            return Optional.ofNullable(new URI(origin).getRawAuthority());
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
