package dispatcher.cli.metrics;

import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.http.TextAnswer;
import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.BuildQueue;
import dispatcher.store.spool.SpoolStatus;
import java.time.InstantSource;
import java.util.Collection;
import java.util.function.Supplier;

/// All figures of the running dispatcher. They are made when they are asked for; only what cannot be seen later is
/// counted before.
///
/// @param counts what has happened
/// @param links  ways to the machines that there are now
/// @param clock  the queue's
public record MetricsEndpoint(
        BuildQueue queue,
        EventCounts counts,
        Supplier<Collection<MachineLink>> links,
        Supplier<SpoolStatus> spool,
        InstantSource clock) {
    public static final String PATH = "/metrics";

    public Endpoint endpoint() {
        return Endpoint.get(PATH, _ -> new TextAnswer(Exposition.CONTENT_TYPE, text()));
    }

    String text() {
        var out = new Exposition();
        var snapshot = queue.snapshot();
        new QueueFigures(snapshot.waiting()).print(out, clock.instant());
        counts.print(out);
        new MachineFigures(snapshot.machines(), links.get()).print(out);
        spool(out, spool.get());
        ProcessFigures.print(out);
        return out.text();
    }

    private static void spool(Exposition out, SpoolStatus status) {
        out.metric("dispatcher_spool_bytes", "gauge", "Bytes of NARs in the spool.")
                .sample(status.bytes());
        out.metric("dispatcher_spool_pinned_bytes", "gauge", "Those of them that clients or builds need now.")
                .sample(status.pinnedBytes());
        out.metric("dispatcher_spool_limit_bytes", "gauge", "What the spool may hold.")
                .sample(status.limit());
        out.metric("dispatcher_spool_paths", "gauge", "Store paths in the spool.")
                .sample(status.paths());
    }
}
