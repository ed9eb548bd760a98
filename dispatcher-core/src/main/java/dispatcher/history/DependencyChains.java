package dispatcher.history;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.graph.Chains;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.concurrent.locks.ReentrantLock;

/// The graph of the builds that were asked for lately, as far as it is visible: a build whose inputs have an output
/// of an earlier one waited for that. Gives the history, for each build, the length of the chain behind it, each time
/// one more build of a chain is over.
///
/// Only real builds make a chain, each once: were packages the nodes, the stages of a compiler that is built with
/// itself would be a circle, and its length would grow from run to run.
///
/// Bounded: the last 50,000 builds and 100,000 outputs, and at most 2,000 steps up the graph for each that is over.
/// Safe for any thread; the history is called with no lock held.
final class DependencyChains {
    private static final int MOST_BUILDS = 50_000;
    private static final int MOST_OUTPUTS = 100_000;
    private static final int MOST_PREDECESSORS = 256;
    private static final int MOST_STEPS = 2_000;

    private final History history;
    private final ReentrantLock lock = new ReentrantLock();
    /// Output to the number of the build that made it.
    private final Cache<StorePath, Long> makers =
            Caffeine.newBuilder().maximumSize(MOST_OUTPUTS).build();

    @GuardedBy("lock")
    private final Chains<Node> builds = new Chains<>(MOST_BUILDS, MOST_STEPS);

    DependencyChains(History history) {
        this.history = history;
    }

    private record Node(PackageName name, String system) {}

    void requested(long build, PackageName name, String system, Collection<StorePath> inputs) {
        var predecessors = new LinkedHashSet<Long>();
        for (var input : inputs) {
            var maker = makers.getIfPresent(input);
            if (maker != null && maker != build && predecessors.size() < MOST_PREDECESSORS) predecessors.add(maker);
        }
        lock.lock();
        try {
            builds.add(build, new Node(name, system), predecessors);
        } finally {
            lock.unlock();
        }
    }

    /// A build is over, and what it used was waited for.
    ///
    /// @param seconds on a machine of speed 1
    void completed(long build, double seconds) {
        Collection<Chains.Link<Node>> raised;
        lock.lock();
        try {
            raised = builds.ended(build, seconds);
        } finally {
            lock.unlock();
        }
        for (var link : raised) history.behind(link.value().name(), link.value().system(), behind(link));
    }

    private double behind(Chains.Link<Node> link) {
        lock.lock();
        try {
            return link.behind();
        } finally {
            lock.unlock();
        }
    }

    void made(long build, Collection<StorePath> outputs) {
        for (var output : outputs) makers.put(output, build);
    }
}
