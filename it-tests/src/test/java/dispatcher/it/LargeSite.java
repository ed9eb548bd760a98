package dispatcher.it;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.StatusAnswer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// A dispatcher with a page, as a large company may have it: 300 machines, 5,000 builds of the last day, and builds
/// that run and wait. Two of the machines are real and have all slots taken; of the others, which build for another
/// system, there is only the entry in the settings. Confined to one thread.
final class LargeSite implements AutoCloseable {
    static final int MACHINES = 300;
    static final int BUILDS = 5_000;
    static final int RUNNING = 8;
    static final int WAITING = 3;

    private static final int REAL = 2;
    private static final int SLOTS = 4;

    /// These say nothing of what they are, and cannot be asked.
    private static final int SILENT = 5;

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    private final HttpClient http = HttpClient.newHttpClient();
    private final Fleet fleet;
    private final NixClient client;
    private final Path settings;
    private final URI page;
    private final List<Background> building = new ArrayList<>();
    private DispatcherProcess dispatcher;

    private LargeSite(Fleet fleet) throws Exception {
        this.fleet = fleet;
        this.client = NixClient.beside(fleet).start();
        int port = freePort();
        this.page = URI.create("http://127.0.0.1:%d".formatted(port));
        Path token = Files.writeString(fleet.folder().resolve("token"), TOKEN + "\n");
        Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
        this.settings = DispatcherSettings.of(fleet)
                .set("listen", "{socket: %s, web: '127.0.0.1:%d'}".formatted(fleet.socket(), port))
                .set("web", "{tokenFile: %s}".formatted(token))
                .addMachines(entries(fleet))
                .write("large");
        PastBuilds.write(BUILDS, names(), Instant.now(), fleet.folder().resolve("state"));
        this.dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
    }

    /// Starts all of it, and returns when builds run and wait.
    static LargeSite start() throws Exception {
        Fleet fleet = Fleet.of(REAL).jobs(SLOTS).start();
        try {
            var site = new LargeSite(fleet);
            try {
                site.build();
                return site;
            } catch (Throwable e) {
                site.close();
                throw e;
            }
        } catch (Throwable e) {
            fleet.close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// Of those that are not real.
    private static List<String> names() {
        return IntStream.rangeClosed(1, MACHINES - REAL)
                .mapToObj(LargeSite::name)
                .toList();
    }

    private static String name(int number) {
        return "arm-%03d".formatted(number);
    }

    private static String entries(Fleet fleet) {
        var text = new StringBuilder();
        for (int i = 1; i <= MACHINES - REAL; i++) {
            text.append("""
                      - name: %s
                        hostName: 127.99.%d.%d
                        port: 1
                        protocol: ssh-ng
                        sshUser: nix
                        sshKey: %s
                    """.formatted(name(i), i / 200, 1 + i % 200, fleet.key()));
            if (i <= MACHINES - REAL - SILENT)
                text.append("    maxJobs: 8\n    systems: [aarch64-linux, armv7l-linux]\n")
                        .append("    supportedFeatures: [big-parallel, benchmark]\n");
        }
        return text.toString();
    }

    private void build() throws Exception {
        building.add(Background.start(
                client.buildCommand("sleepers", "n", Integer.toString(RUNNING + WAITING), "seconds", "600")
                        .with("--builders", dispatcher.builders()),
                fleet.folder()));
        Await.until(LIMIT, dispatcher::log, () -> {
            var status = ApiJson.read(ask(StatusAnswer.PATH).getBytes(StandardCharsets.UTF_8), StatusAnswer.class);
            return status.running() == RUNNING && status.waiting() == WAITING;
        });
    }

    /// One of those that are not real and have said what they build for.
    String machine() {
        return name(1);
    }

    String realMachine() {
        return fleet.machine(0).name();
    }

    String token() {
        return TOKEN;
    }

    String url(String path) {
        return page + path;
    }

    /// What the API answers.
    String ask(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    /// Whether a link leads to a page, and not to a text or to JSON.
    boolean isPage(String path) throws IOException, InterruptedException {
        var answer = http.send(request(path).build(), HttpResponse.BodyHandlers.discarding());
        return answer.headers().firstValue("Content-Type").orElse("").startsWith("text/html");
    }

    void drain(String machine) throws IOException, InterruptedException {
        post(DrainRequest.DRAIN_PATH, machine);
    }

    void resume(String machine) throws IOException, InterruptedException {
        post(DrainRequest.RESUME_PATH, machine);
    }

    private void post(String path, String machine) throws IOException, InterruptedException {
        var body = "{\"machine\":\"%s\"}".formatted(machine);
        send(request(path).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(page.resolve(path)).timeout(LIMIT).header("Authorization", "Bearer " + TOKEN);
    }

    private String send(HttpRequest.Builder request) throws IOException, InterruptedException {
        var answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200)
            throw new AssertionError("status %d: %s".formatted(answer.statusCode(), answer.body()));
        return answer.body();
    }

    /// Starts one more build, which waits.
    void buildOneMore() throws IOException, InterruptedException {
        building.add(
                Background.start(client.buildCommand("one").with("--builders", dispatcher.builders()), fleet.folder()));
    }

    /// Ends the dispatcher and all builds.
    void stopDispatcher() throws IOException, InterruptedException {
        dispatcher.stopNow();
    }

    void startDispatcher() throws Exception {
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
    }

    String log() {
        return dispatcher.log();
    }

    @Override
    public void close() throws IOException {
        try (http;
                fleet;
                client;
                var _ = dispatcher) {
            building.forEach(Background::close);
        }
    }
}
