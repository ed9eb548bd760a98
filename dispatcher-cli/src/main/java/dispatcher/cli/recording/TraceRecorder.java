package dispatcher.cli.recording;

import dispatcher.event.DispatcherListener;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.thread.SteadyThread;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes a trace of the builds that machines have given a result for, in the format of `docs/SIMULATOR.md`,
/// while they end.
///
/// Safe for any thread. A thread of its own writes; what it cannot keep up with is left out. If the file cannot be
/// written any more, the log says so once and recording ends. Builds never wait for it and never fail from it.
public final class TraceRecorder implements DispatcherListener, AutoCloseable {
    static final long MOST_BYTES = 64L << 20;
    private static final int MOST_PATHS = 200_000;
    private static final int MOST_WAITING = 10_000;

    /// Builds, waiting or not, that it has in mind.
    private static final int MOST_UNDER_WAY = 50_000;
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    private final RecordingFacts facts;
    private final LongSupplier nanoTime;
    private final long mostBytes;
    private final TraceFile file;
    private final Map<Long, String> clients = new ConcurrentHashMap<>();
    private final Map<Long, RecordedBuild> underWay = new ConcurrentHashMap<>();
    private final BlockingQueue<Optional<RecordedBuild>> ended = new ArrayBlockingQueue<>(MOST_WAITING);
    private final AtomicLong leftOut = new AtomicLong();
    private final AtomicBoolean isClosed = new AtomicBoolean();
    private final Thread writing = SteadyThread.unstarted("write the trace", this::writesAgain);
    private final Path path;

    /// What the file is about; only its thread knows.
    private Optional<TraceText> text = Optional.empty();

    private TraceRecorder(Path path, RecordingFacts facts, LongSupplier nanoTime, long mostBytes) {
        this.path = path;
        this.file = new TraceFile(path);
        this.facts = facts;
        this.nanoTime = nanoTime;
        this.mostBytes = mostBytes;
    }

    /// Begins a new file; one that is there becomes `FILE.1`.
    ///
    /// @param nanoTime as for `System.nanoTime`
    /// @throws IOException if it cannot be written
    public static TraceRecorder open(Path path, RecordingFacts facts, LongSupplier nanoTime) throws IOException {
        return open(path, facts, nanoTime, MOST_BYTES);
    }

    /// @param mostBytes of one file, as long as one build has less
    static TraceRecorder open(Path path, RecordingFacts facts, LongSupplier nanoTime, long mostBytes)
            throws IOException {
        var recorder = new TraceRecorder(path, facts, nanoTime, mostBytes);
        recorder.file.renew();
        recorder.writing.start();
        return recorder;
    }

    @Override
    public void clientConnected(long client, String who) {
        clients.put(client, withoutPort(who));
    }

    /// The same for all connections of a client.
    private static String withoutPort(String who) {
        int colon = who.lastIndexOf(':');
        return colon > who.lastIndexOf(']') && colon > who.lastIndexOf('@') ? who.substring(0, colon) : who;
    }

    @Override
    public void clientLeft(long client, String who) {
        clients.remove(client);
    }

    @Override
    public void buildRequested(long build, long client, StorePath drvPath, BasicDerivation derivation) {
        if (isClosed.get()) return;
        if (underWay.size() >= MOST_UNDER_WAY) {
            leftOut.incrementAndGet();
            return;
        }
        underWay.put(
                build,
                RecordedBuild.asked(
                        build,
                        drvPath.derivationName(),
                        clients.getOrDefault(client, "client " + client),
                        nanoTime.getAsLong(),
                        derivation.platform(),
                        derivation.inputSources(),
                        facts.estimate(drvPath, derivation),
                        facts.resources(drvPath, derivation)));
    }

    @Override
    public void buildQueued(
            long build, long client, StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        underWay.computeIfPresent(build, (_, known) -> known.requiring(requiredFeatures));
    }

    @Override
    public void inputsCopied(long build, StorePath drvPath, String machine, int paths, long bytes, Duration took) {
        if (paths > 0) underWay.computeIfPresent(build, (_, known) -> known.copied(bytes / paths));
    }

    @Override
    public void outputsMade(long build, StorePath drvPath, String machine, Map<StorePath, Long> outputs) {
        underWay.computeIfPresent(build, (_, known) -> known.made(Map.copyOf(outputs)));
    }

    @Override
    public void buildEnded(
            long build, StorePath drvPath, String machine, BuildStatus status, String message, Duration took) {
        var known = underWay.remove(build);
        if (known == null) return;
        if (!ended.offer(Optional.of(known.ended(machine, took, nanoTime.getAsLong())))) leftOut.incrementAndGet();
    }

    @Override
    public void buildRefused(long build, StorePath drvPath, String reason) {
        underWay.remove(build);
    }

    @Override
    public void buildCancelled(long build, StorePath drvPath, String by, String reason) {
        underWay.remove(build);
    }

    @Override
    public void buildShared(long build, long client, StorePath drvPath, BuildStatus status, String message) {
        underWay.remove(build);
    }

    @Override
    public void buildFound(long build, StorePath drvPath) {
        underWay.remove(build);
    }

    @Override
    public void buildAbandoned(long build, StorePath drvPath) {
        underWay.remove(build);
    }

    /// Builds that have been asked for and have not ended.
    int underWay() {
        return underWay.size();
    }

    /// Until the empty one comes, which is the last.
    private boolean writesAgain() throws InterruptedException {
        boolean more = false;
        try {
            var next = ended.take();
            // A build that cannot be written is left out, and is not the end.
            more = next.isPresent();
            if (more) {
                text = Optional.of(append(text, next.get()));
                if (ended.isEmpty()) file.flush();
            }
        } catch (IOException e) {
            more = false;
            tellThatItEnds(e);
        } finally {
            if (!more) end();
        }
        return more;
    }

    private void end() {
        isClosed.set(true);
        underWay.clear();
        try {
            file.close();
        } catch (IOException e) {
            tellThatItEnds(e);
        }
    }

    private void tellThatItEnds(IOException reason) {
        log.atWarn()
                .addKeyValue("file", path)
                .addKeyValue("reason", reason)
                .log("recording ends: cannot write the trace");
    }

    private TraceText append(Optional<TraceText> current, RecordedBuild build) throws IOException {
        var now = current.isPresent() ? current.get() : begin(build);
        if (file.bytes() >= mostBytes || now.paths() >= MOST_PATHS) {
            file.renew();
            now = begin(build);
        }
        file.write(now.lines(build));
        return now;
    }

    /// A trace's time begins when the first build was asked for that can be in it.
    private TraceText begin(RecordedBuild build) throws IOException {
        long start = build.asked();
        for (var other : underWay.values()) if (other.asked() - start < 0) start = other.asked();
        var begun = new TraceText(facts, start);
        file.write(begun.head());
        return begun;
    }

    /// Returns when what has ended is written.
    @Override
    public void close() {
        isClosed.set(true);
        try {
            while (writing.isAlive() && !ended.offer(Optional.empty(), 100, TimeUnit.MILLISECONDS)) {}
            writing.join();
        } catch (InterruptedException e) {
            writing.interrupt();
            Thread.currentThread().interrupt();
        }
        long missing = leftOut.get();
        if (missing > 0) log.atWarn().addKeyValue("builds", missing).log("the trace lacks builds that came too fast");
    }
}
