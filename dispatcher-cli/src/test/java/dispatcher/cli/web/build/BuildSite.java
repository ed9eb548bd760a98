package dispatcher.cli.web.build;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.records.RecordEndpoints;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.cli.web.Changes;
import dispatcher.cli.web.WebServer;
import dispatcher.cli.web.page.Page;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildEnds;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecorder;
import dispatcher.record.RecordStore;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/// The pages of builds on a real port, with real records in a directory.
final class BuildSite implements AutoCloseable {
    static final String X86 = "x86_64-linux";
    static final int LOG_SIZE = 8 << 20;

    final ManualClock clock = new ManualClock();
    final Changes changes = new Changes();
    private final HttpClient client =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
    private final RecordDatabase database;
    final BuildRecorder recorder;
    private final WebServer server;

    BuildSite(Path directory, BuildRecord... before) throws IOException {
        this(directory, Settings.Web.DEFAULT, _ -> List.of(), List.of(), before);
    }

    BuildSite(
            Path directory,
            Settings.Web web,
            Function<BuildRecorder, List<Endpoint>> endpoints,
            List<Page> pages,
            BuildRecord... before)
            throws IOException {
        database = RecordDatabase.in(directory);
        if (before.length > 0) database.records().save(RecordStore.Batch.of(List.of(before)));
        recorder = BuildRecorder.open(
                database.records(), new BuildRecorder.Limits(Duration.ofDays(30), LOG_SIZE), clock, BuildEnds.NONE);
        var all = new ArrayList<>(endpoints.apply(recorder));
        all.addAll(new RecordEndpoints(recorder, clock).endpoints());
        all.addAll(BuildPages.endpoints(all));
        var allPages = new ArrayList<>(BuildPages.pages(clock));
        allPages.addAll(pages);
        server = WebServer.start(
                new HostAndPort("127.0.0.1", 0),
                web,
                new WebServer.Offer(changes.notedBy(all), allPages, BuildPages.actions(), changes, clock));
    }

    /// A client asks for a build.
    void ask(long build, String who, StorePath drvPath) {
        recorder.clientConnected(build, who + "@10.0.0.3:51234");
        var derivation = new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(FakeStore.path("out")))),
                Set.of(),
                X86,
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
        recorder.buildRequested(build, build, drvPath, derivation);
        recorder.buildQueued(build, build, drvPath, X86, new TreeSet<>(Set.of("kvm")));
    }

    HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:%d%s".formatted(server.address().port(), path)));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(to(path).GET());
    }

    /// A stream of server-sent events.
    BufferedReader stream(String path) throws IOException, InterruptedException {
        var answer = client.send(to(path).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
        return new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
    }

    /// The next event; empty at the end.
    static String event(BufferedReader stream) throws IOException {
        var text = new StringBuilder();
        for (var line = stream.readLine(); line != null && !line.isEmpty(); line = stream.readLine())
            text.append(line).append('\n');
        return text.toString();
    }

    void print(long build, String... lines) {
        for (var line : lines) recorder.of(build).line(ByteString.of(line));
    }

    /// Ends the server alone.
    void stop() {
        server.close();
    }

    @Override
    public void close() {
        client.shutdownNow();
        server.close();
        recorder.close();
        database.close();
    }

    /// A build that is over, asked for `id` seconds after the beginning.
    static BuildRecord over(long id, String name, String machine, String client, BuildRecord.Outcome outcome) {
        var asked = new ManualClock().instant().plusSeconds(id);
        return new BuildRecord(
                id,
                client,
                FakeStore.path(name + ".drv"),
                X86,
                new TreeSet<>(),
                asked,
                Optional.of(asked.plusSeconds(60)),
                outcome,
                "",
                BuildRecord.Waits.NONE,
                List.of(BuildRecord.Attempt.begun(machine, "it is idle", asked)),
                BuildRecord.Copied.NOTHING,
                BuildRecord.Fetched.NOTHING,
                Duration.ofSeconds(50),
                4096,
                1L << 30);
    }
}
