package dispatcher.cli.recording;

import dispatcher.nix.StorePath;
import dispatcher.simulate.model.Client;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.trace.TraceWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// The lines of one file, which is a trace by itself: paths, clients and builds are described before they are named.
/// Paths get numbers for names. Confined to one thread.
final class TraceText {
    /// A build that is asked for so soon after the last of its inputs was built was wanted before, and waited for
    /// that.
    private static final Duration SOON = Duration.ofSeconds(10);

    private static final Duration LEAST_WORK = Duration.ofMillis(1);

    private final RecordingFacts facts;
    private final List<Host> hosts;
    private final long start;
    private final Map<StorePath, String> paths = new HashMap<>();
    private final Map<StorePath, Made> made = new HashMap<>();
    private final Set<String> clients = new HashSet<>();

    /// @param wanted when its client first wanted something of which it is part, or which it is
    private record Made(String id, long wanted, long ended) {}

    /// @param start of the trace's time, as `RecordedBuild.asked`
    TraceText(RecordingFacts facts, long start) {
        this.facts = facts;
        this.hosts = facts.hosts();
        this.start = start;
    }

    /// Bounds what this takes: about 200 bytes each.
    int paths() {
        return paths.size() + made.size();
    }

    List<String> head() {
        var lines = new ArrayList<String>();
        lines.add(TraceWriter.head());
        for (var host : hosts) lines.add(TraceWriter.machine(host));
        return lines;
    }

    /// @param build that has ended
    List<String> lines(RecordedBuild build) {
        var lines = new ArrayList<String>();
        if (clients.add(build.client())) lines.add(TraceWriter.client(Client.of(build.client())));
        var needs = new TreeSet<String>();
        var inputs = new ArrayList<String>();
        long wanted = build.asked();
        long lastEnded = Long.MIN_VALUE;
        for (var input : build.inputs()) {
            var maker = made.get(input);
            if (maker == null) {
                inputs.add(path(input, build, lines));
                continue;
            }
            needs.add(maker.id());
            if (maker.ended() > lastEnded) {
                lastEnded = maker.ended();
                if (build.asked() - maker.ended() < SOON.toNanos()) wanted = maker.wanted();
                else wanted = build.asked();
            }
        }
        var id = Long.toString(build.number());
        for (var output : build.outputs().keySet()) made.put(output, new Made(id, wanted, build.ended()));
        lines.add(TraceWriter.build(job(id, build, wanted, List.copyOf(needs), inputs)));
        return lines;
    }

    private String path(StorePath path, RecordedBuild build, List<String> lines) {
        var known = paths.get(path);
        if (known != null) return known;
        var name = Integer.toString(paths.size());
        paths.put(path, name);
        lines.add(TraceWriter.path(name, facts.narSize(path).orElse(build.meanInput())));
        return name;
    }

    private Job job(String id, RecordedBuild build, long wanted, List<String> needs, List<String> inputs) {
        var since = Duration.ofNanos(Math.max(0, wanted - start));
        long bytes =
                build.outputs().values().stream().mapToLong(Long::longValue).sum();
        return new Job(
                id,
                build.name(),
                build.client(),
                since,
                build.system(),
                build.features(),
                work(build),
                build.estimate(),
                needs,
                inputs,
                bytes,
                build.resources());
    }

    private Duration work(RecordedBuild build) {
        double speed = hosts.stream()
                .filter(host -> host.name().equals(build.machine()))
                .mapToDouble(Host::speed)
                .findFirst()
                .orElse(1);
        var work = Duration.ofNanos(Math.round(build.took().toNanos() * speed));
        return work.compareTo(LEAST_WORK) < 0 ? LEAST_WORK : work;
    }
}
