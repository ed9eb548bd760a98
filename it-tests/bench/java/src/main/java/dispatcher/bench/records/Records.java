package dispatcher.bench.records;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.records.FigureEndpoints;
import dispatcher.cli.records.RecordEndpoints;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecorder;
import dispatcher.record.RecordStore.Batch;
import dispatcher.record.RecordStore.LogPart;
import dispatcher.record.RecordStore.Placed;
import dispatcher.schedule.BuildQueue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Fills a database with records of very many builds, and says what pages and the clean-up cost. Arguments: the folder
/// for it, how many builds, and a file for the figures as JSON if there is to be one.
public final class Records {
    private static final int AT_ONCE = 1_000;
    private static final int TIMES = 5;

    /// As in the recorder, and as often as that has the disk take what was written.
    private static final int STEPS_A_SECOND = 5;

    private static final int STEPS_UNTIL_SETTLED = 10 * STEPS_A_SECOND;
    private static final double MOST_MILLIS = 200;
    private static final double MOST_BYTES = 1e9;
    private static final double NANOS_PER_MILLI = 1e6;

    private final Path directory;
    private final int builds;
    private final PlausibleBuilds plausible;
    private final List<Figure> figures = new ArrayList<>();
    private long logBytes;

    private record Figure(String name, double value, double atMost) {
        boolean isMet() {
            return value <= atMost;
        }

        String json() {
            return String.format(
                    Locale.ROOT, "{ \"of\": \"%s\", \"value\": %.2f, \"atMost\": %.2f, \"met\": %b }", name, value, atMost, isMet());
        }

        String line() {
            return String.format(
                    Locale.ROOT, "%-66s %14.1f   at most %14.1f: %s", name, value, atMost, isMet() ? "met" : "missed");
        }
    }

    private Records(Path directory, int builds) {
        this.directory = directory;
        this.builds = builds;
        this.plausible = new PlausibleBuilds(builds);
    }

    /// Ends with status 1 if a target is missed.
    public static void main(String[] args) throws IOException, InterruptedException {
        var bench = new Records(Path.of(args[0]), Integer.parseInt(args[1]));
        bench.run();
        bench.figures.forEach(figure -> System.out.println(figure.line()));
        if (args.length > 2)
            Files.writeString(
                    Path.of(args[2]),
                    "{ \"builds\": %d, \"figures\": [\n    %s ] }%n"
                            .formatted(
                                    bench.builds,
                                    bench.figures.stream().map(Figure::json).collect(Collectors.joining(",\n    "))));
        System.exit(bench.figures.stream().allMatch(Figure::isMet) ? 0 : 1);
    }

    private void run() throws IOException, InterruptedException {
        try (var database = RecordDatabase.in(directory)) {
            fill(database);
            pages(database);
            cleanUp(database);
        }
    }

    private void fill(RecordDatabase database) throws IOException {
        long begun = System.nanoTime();
        for (int from = 1; from <= builds; from += AT_ONCE) {
            database.records().save(batch(from, Math.min(builds + 1, from + AT_ONCE)));
            if (from / AT_ONCE % 20 == 0) database.checkpoint();
        }
        database.checkpoint();
        System.out.printf(
                Locale.ROOT,
                "%d builds written in %.0f s; %d bytes of log each before compression%n",
                builds,
                (System.nanoTime() - begun) / 1e9,
                logBytes / builds);
        long size = 0;
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) size += Files.size(file);
        }
        figures.add(new Figure("bytes of the file, its companions included", size, MOST_BYTES * builds / 1_000_000));
    }

    private Batch batch(int from, int to) {
        var records = new ArrayList<BuildRecord>();
        var logs = new ArrayList<LogPart>();
        var placements = new ArrayList<Placed>();
        for (int id = from; id < to; id++) {
            var record = plausible.record(id);
            records.add(record);
            if (record.attempts().isEmpty()) continue;
            placements.add(new Placed(id, 0, plausible.account(record.machine().orElseThrow(), record.built())));
            addLog(id, plausible.anyLog(), logs);
        }
        return new Batch(records, logs, placements, List.of());
    }

    private void addLog(int id, byte[] text, List<LogPart> logs) {
        logBytes += text.length;
        int piece = 32 << 10;
        for (int start = 0; start < text.length; start += piece) {
            var part = java.util.Arrays.copyOfRange(text, start, Math.min(text.length, start + piece));
            logs.add(LogPart.of(id, start / piece, start, part));
        }
    }

    // ---- pages

    private void pages(RecordDatabase database) throws IOException, InterruptedException {
        InstantSource clock = InstantSource.fixed(PlausibleBuilds.END);
        var records = BuildRecorder.reading(database.records());
        var endpoints = new HashMap<String, Endpoint>();
        for (var endpoint : new RecordEndpoints(records, clock).endpoints()) endpoints.put(endpoint.path(), endpoint);
        var nothing = new BuildQueue.Snapshot(List.of(), List.of());
        for (var endpoint : new FigureEndpoints(records, database.figures(), () -> nothing, clock).endpoints())
            endpoints.put(endpoint.path(), endpoint);
        var list = "/api/v1/builds";
        var middle = Integer.toString(builds / 2);
        for (var query : List.of(
                "",
                "before=" + middle,
                "rows=1000",
                "machine=builder-07",
                "machine=builder-07&outcome=refused",
                "client=dora&outcome=failed&name=kde-",
                "name=lib",
                "name=lib&outcome=refused&rows=1000",
                "name=python3.12-thing3997",
                "name=nothing",
                "outcome=interrupted",
                "outcome=failed,refused&since=2026-01-30T00:00:00Z&rows=1000",
                "client=ci&machine=builder-01&name=etc-thing3995&before=" + middle))
            time(endpoints, list, query);
        time(endpoints, list + "/{id}", "id=" + middle);
        time(endpoints, list + "/{id}/log", "id=" + middle);
        for (var query : List.of("", "hours=24", "hours=744", "hours=24&machine=builder-07"))
            time(endpoints, "/api/v1/timeline", query);
        for (var query : List.of("", "hours=744")) time(endpoints, "/api/v1/load", query);
        for (var query : List.of("", "days=31&by=memory&rows=1000", "days=31&by=time"))
            time(endpoints, "/api/v1/packages", query);
        long begun = System.nanoTime();
        int _ = records.count(PlausibleBuilds.END.minus(Duration.ofHours(1))).size();
        figures.add(new Figure("ends of the last hour, ms", (System.nanoTime() - begun) / NANOS_PER_MILLI, MOST_MILLIS));
    }

    /// The slowest of some times, with the answer as JSON.
    private void time(Map<String, Endpoint> endpoints, String path, String query) throws IOException, InterruptedException {
        var parameters = new HashMap<String, String>();
        for (var part : query.split("&", -1))
            if (!part.isEmpty()) parameters.put(part.substring(0, part.indexOf('=')), part.substring(part.indexOf('=') + 1));
        var endpoint = endpoints.get(path);
        if (endpoint == null) throw new IllegalStateException("no endpoint " + path);
        double slowest = 0;
        // The first time is for the program to be compiled.
        for (int i = 0; i <= TIMES; i++) {
            long begun = System.nanoTime();
            int _ = ApiJson.print(endpoint.handler().answer(ApiRequest.of(parameters))).length;
            if (i > 0) slowest = Math.max(slowest, (System.nanoTime() - begun) / NANOS_PER_MILLI);
        }
        figures.add(new Figure(path.replace("/api/v1", "") + (query.isEmpty() ? "" : "?" + query) + ", ms", slowest, MOST_MILLIS));
    }

    // ---- clean-up

    /// Removes two days, and writes new builds meanwhile, as the recorder does.
    private void cleanUp(RecordDatabase database) throws IOException {
        var records = database.records();
        var before = PlausibleBuilds.END.minus(PlausibleBuilds.SPAN).plus(Duration.ofDays(2));
        double longestStep = 0;
        double longestWrite = 0;
        int next = builds + 1;
        int steps = 0;
        long begun = System.nanoTime();
        boolean more = true;
        while (more) {
            long step = System.nanoTime();
            more = records.forgetBefore(before);
            long written = System.nanoTime();
            longestStep = Math.max(longestStep, (written - step) / NANOS_PER_MILLI);
            if (++steps % STEPS_UNTIL_SETTLED == 0) records.settle();
            if (steps % STEPS_A_SECOND != 0) continue;
            written = System.nanoTime();
            records.save(batch(next, next + 10));
            next += 10;
            longestWrite = Math.max(longestWrite, (System.nanoTime() - written) / NANOS_PER_MILLI);
        }
        figures.add(new Figure("longest step of the clean-up, ms", longestStep, MOST_MILLIS));
        figures.add(new Figure("longest write of 10 builds meanwhile, ms", longestWrite, MOST_MILLIS));
        System.out.printf(
                Locale.ROOT, "two days removed in %d steps, %.0f s%n", steps, (System.nanoTime() - begun) / 1e9);
    }
}
