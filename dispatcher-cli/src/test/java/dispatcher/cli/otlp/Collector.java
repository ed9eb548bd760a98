package dispatcher.cli.otlp;

import com.google.protobuf.InvalidProtocolBufferException;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/// Takes traces over HTTP, and answers as the test says. Safe for any thread.
public final class Collector implements AutoCloseable {
    private final HttpServer server;
    private final List<ResourceSpans> received = new CopyOnWriteArrayList<>();
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private volatile int status = 200;

    public record Request(String path, Headers headers) {}

    private Collector(HttpServer server) {
        this.server = server;
    }

    public static Collector start() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var collector = new Collector(server);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", collector::take);
        server.start();
        return collector;
    }

    /// Requests that come from now on.
    Collector answering(int newStatus) {
        status = newStatus;
        return this;
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            int answer = status;
            var bytes = exchange.getRequestBody().readAllBytes();
            try {
                received.addAll(ExportTraceServiceRequest.parseFrom(bytes).getResourceSpansList());
            } catch (InvalidProtocolBufferException e) {
                answer = 400;
            }
            requests.add(new Request(exchange.getRequestURI().getPath(), exchange.getRequestHeaders()));
            exchange.sendResponseHeaders(answer, -1);
        }
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    BlockingQueue<Request> requests() {
        return requests;
    }

    List<ResourceSpans> received() {
        return received;
    }

    public List<Span> spans() {
        return received.stream()
                .flatMap(resource -> resource.getScopeSpansList().stream())
                .flatMap(scope -> scope.getSpansList().stream())
                .toList();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
