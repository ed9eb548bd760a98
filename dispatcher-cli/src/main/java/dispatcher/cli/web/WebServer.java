package dispatcher.cli.web;

import dispatcher.cli.api.http.ApiRouting;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.http.HttpFaults;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.cli.web.page.Answers;
import dispatcher.cli.web.page.Layout;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.Pages;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/// The page and the HTTP API on a TCP port, for people, scripts and Prometheus. Made only if the settings have
/// `listen.web`, as it takes time and memory.
///
/// One virtual thread for each connection. A client that does not take its answer loses the connection. A
/// request passes [WebGate] first, which knows who may do what.
public final class WebServer implements AutoCloseable {
    /// A question may have a derivation in it.
    private static final int MOST_BODY = 16 << 20;
    private static final int MOST_CONNECTIONS = 512;
    private static final Duration IDLE = Duration.ofMinutes(2);
    private static final Duration GRACE = Duration.ofMillis(500);

    private final io.helidon.webserver.WebServer server;
    private final LiveStreams streams;
    private final HostAndPort address;

    private WebServer(io.helidon.webserver.WebServer server, LiveStreams streams, HostAndPort address) {
        this.server = server;
        this.streams = streams;
        this.address = address;
    }

    /// What is served.
    ///
    /// @param endpoints as on the control socket
    /// @param pages     for people
    /// @param actions   of their forms
    /// @param changes   what happens, so that pages follow
    /// @param clock     the dispatcher's
    public record Offer(
            List<Endpoint> endpoints, List<Page> pages, List<Action> actions, Changes changes, InstantSource clock) {
        public Offer {
            endpoints = List.copyOf(endpoints);
            pages = List.copyOf(pages);
            actions = List.copyOf(actions);
        }
    }

    /// Listens; returns when browsers can come.
    ///
    /// @throws UserFacingException if it cannot listen there, or the token cannot be used
    public static WebServer start(HostAndPort address, Settings.Web web, Offer offer) {
        return start(address, web, offer, ApiRouting.PATIENCE);
    }

    /// @param patience with a client that takes nothing of its answer
    static WebServer start(HostAndPort address, Settings.Web web, Offer offer, Duration patience) {
        var token = WebToken.of(web.tokenFile(), offer.clock());
        var access = new WebAccess(address, web, token, System::nanoTime);
        var layout = new Layout(offer.pages(), offer.clock());
        var answers = new Answers(offer.endpoints());
        var pages = new Pages(offer.pages(), answers);
        var streams = new LiveStreams(offer.changes(), offer.clock());
        var api = new ApiRouting(
                offer.endpoints(), request -> WebGate.visitor(request).user(), patience);
        var handlers = new PageHandlers(layout, pages, streams, new Actions(offer.actions(), answers), access, api);
        var routing = HttpRouting.builder().addFilter(new WebGate(access, handlers));
        handlers.addTo(routing);
        api.addTo(routing);
        routing.any(handlers::page);
        var server = io.helidon.webserver.WebServer.builder()
                .host(address.host())
                .port(address.port())
                .maxPayloadSize(MOST_BODY)
                .maxTcpConnections(MOST_CONNECTIONS)
                .idleConnectionTimeout(IDLE)
                .shutdownGracePeriod(GRACE)
                .shutdownHook(false)
                .featuresDiscoverServices(false)
                .protocolsDiscoverServices(false)
                .concurrencyLimitDiscoverServices(false)
                .writeQueueLength(0)
                .smartAsyncWrites(false)
                .mediaContext(MediaContext.builder()
                        .mediaSupportsDiscoverServices(false)
                        .build())
                .contentEncoding(ContentEncodingContext.builder()
                        .contentEncodingsDiscoverServices(false)
                        .build())
                .directHandlers(HttpFaults.handlers())
                .addConnectionSelector(Http1ConnectionSelector.builder()
                        .config(Http1Config.create())
                        .build())
                .routing(routing)
                .build();
        server.start();
        // It logs why it does not, and throws nothing.
        if (!server.isRunning())
            throw new UserFacingException(
                    "cannot listen on " + address,
                    "the address is not one of this host, or another program listens there",
                    "see listen.web in the settings; `ss -ltnp` shows who listens where");
        return new WebServer(server, streams, new HostAndPort(address.host(), server.port()));
    }

    /// Where it listens, with the port that the system has chosen if the settings leave that to it.
    public HostAndPort address() {
        return address;
    }

    @Override
    public void close() {
        streams.close();
        server.stop();
    }
}
