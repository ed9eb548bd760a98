package dispatcher.cli.api.http;

import io.helidon.common.concurrency.limits.FixedLimit;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.context.Context;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// What all connections share: Helidon's HTTP/1.1 protocol, its limits, and what is answered. Safe for any thread.
final class HttpService implements ListenerContext {
    /// A question may have a derivation in it.
    static final int MAX_BODY = 16 << 20;

    private final ListenerConfig config = ListenerConfig.builder()
            .maxPayloadSize(MAX_BODY)
            .writeQueueLength(0)
            .smartAsyncWrites(false)
            .build();
    private final Context context = Context.builder().id("control").build();
    private final MediaContext media =
            MediaContext.builder().mediaSupportsDiscoverServices(false).build();
    private final ContentEncodingContext encoding = ContentEncodingContext.builder()
            .contentEncodingsDiscoverServices(false)
            .build();
    private final ServerConnectionSelector protocol = Http1ConnectionSelector.builder()
            .config(Http1Config.builder().addReceiveListener(new OneRequest()).build())
            .build();
    private final Limit concurrency = FixedLimit.create();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final DirectHandlers faults = HttpFaults.handlers();
    private final Router router;

    HttpService(List<Endpoint> endpoints) {
        this.router = Router.builder().addRouting(ApiRouting.of(endpoints)).build();
    }

    /// Ends each connection after its first request, so that no connection waits for what may never come.
    private static final class OneRequest implements Http1ConnectionListener {
        @Override
        public void headers(ConnectionContext connection, io.helidon.http.Headers headers) {
            if (connection instanceof HttpConnection ours) ours.expectNoMore();
        }
    }

    ServerConnectionSelector protocol() {
        return protocol;
    }

    Limit concurrency() {
        return concurrency;
    }

    Router router() {
        return router;
    }

    @Override
    public Context context() {
        return context;
    }

    @Override
    public MediaContext mediaContext() {
        return media;
    }

    @Override
    public ContentEncodingContext contentEncodingContext() {
        return encoding;
    }

    @Override
    public DirectHandlers directHandlers() {
        return faults;
    }

    @Override
    public ListenerConfig config() {
        return config;
    }

    @Override
    public ExecutorService executor() {
        return executor;
    }
}
