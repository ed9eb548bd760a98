package dispatcher.cli.web;

import dispatcher.cli.api.Problem;
import dispatcher.cli.api.http.ApiRouting;
import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Visitor;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import java.net.InetSocketAddress;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What every request passes: who asks, and whether that may be. Gives every answer the headers that keep browsers
/// from running, loading or framing anything that is not ours. Closes a connection after the answer where one side
/// has said so, which Helidon does not do by itself.
///
/// @param handlers show to people that something is refused
record WebGate(WebAccess access, PageHandlers handlers) implements Filter {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    /// Nothing inline, nothing from elsewhere, in no frame.
    private static final List<Header> HEADERS = List.of(
            HeaderValues.create(
                    "Content-Security-Policy",
                    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
                            + " object-src 'none'"),
            HeaderValues.create("X-Content-Type-Options", "nosniff"),
            HeaderValues.create("Referrer-Policy", "same-origin"),
            HeaderValues.create("Cross-Origin-Opener-Policy", "same-origin"),
            HeaderValues.create("Cross-Origin-Resource-Policy", "same-origin"));

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        for (var header : HEADERS) response.header(header);
        answer(chain, request, response);
        if (response.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
            dropRest(request);
            throw new CloseConnectionException("the answer is the last one on this connection");
        }
    }

    /// Reads the rest of a body that nobody wanted: a client that still sends it when its connection is closed would
    /// lose the answer. How much that can be is limited by the server's settings.
    private static void dropRest(RoutingRequest request) {
        boolean waitsForConsent = request.headers().containsToken(HeaderValues.EXPECT_100) && !request.continueSent();
        if (waitsForConsent || !request.content().hasEntity()) return;
        try {
            if (!request.content().consumed()) request.content().consume();
        } catch (RuntimeException e) {
            log.atDebug().setCause(e).log("the rest of a request did not come");
        }
    }

    private void answer(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        var asker = asker(request);
        var method = request.prologue().method().text();
        var objection = access.objection(asker, method);
        if (objection.isPresent()) {
            ApiRouting.refuse(response, Problem.forbidden(objection.get()));
            return;
        }
        var visitor = access.visitor(asker);
        request.context().register(visitor);
        boolean looks = method.equals("GET") || method.equals("HEAD");
        var path = request.path().path();
        if (path.equals(Visitor.LOGIN) || (looks && path.startsWith(Asset.PATH))) chain.proceed();
        else if (!access.maySee(visitor) || !(looks || visitor.mayAct()))
            handlers.refuse(asker, visitor, request, response);
        else {
            if (!looks)
                log.atInfo()
                        .addKeyValue("user", visitor.user().orElse(""))
                        .addKeyValue("from", asker.peer().getHostAddress())
                        .addKeyValue("request", path)
                        .log("asked on the page");
            chain.proceed();
        }
    }

    static Asker asker(ServerRequest request) {
        return new Asker(
                ((InetSocketAddress) request.remotePeer().address()).getAddress(),
                name -> request.headers().values(HeaderNames.create(name)));
    }

    /// Who asks, as the gate has found out.
    static Visitor visitor(ServerRequest request) {
        return request.context().get(Visitor.class).orElse(Visitor.unknown(false));
    }
}
