package dispatcher.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.record.RecordStore.Fetch;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Which build an output belongs to that a client fetches. Knows those of the latest builds, and only outputs whose
/// paths the derivation says. Safe for any thread.
final class FetchedOutputs {
    private static final int MOST_EXPECTED = 20_000;
    private static final int MOST_UNSAVED = 20_000;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<Expected, BuildEnds.Key> builds = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Expected, BuildEnds.Key> eldest) {
            return size() > MOST_EXPECTED;
        }
    };

    /// What more there is, is left out until these are written down.
    @GuardedBy("lock")
    private final List<Fetch> unsaved = new ArrayList<>();

    private record Expected(long client, StorePath path) {}

    /// @param client its number in events
    void expect(long client, BuildEnds.Key build, BasicDerivation derivation) {
        lock.lock();
        try {
            for (DerivationOutput output : derivation.outputs().values())
                output.path().ifPresent(path -> builds.put(new Expected(client, path), build));
        } finally {
            lock.unlock();
        }
    }

    /// @return the build that made it, unless that is not known
    Optional<BuildEnds.Key> sent(long client, StorePath path, long bytes, Duration took, Instant at) {
        lock.lock();
        try {
            var build = builds.remove(new Expected(client, path));
            if (build != null && unsaved.size() < MOST_UNSAVED) unsaved.add(new Fetch(build.id(), bytes, took, at));
            return Optional.ofNullable(build);
        } finally {
            lock.unlock();
        }
    }

    List<Fetch> unsaved() {
        lock.lock();
        try {
            return List.copyOf(unsaved);
        } finally {
            lock.unlock();
        }
    }

    /// These are written down, the first ones of [#unsaved].
    void saved(int count) {
        lock.lock();
        try {
            unsaved.subList(0, count).clear();
        } finally {
            lock.unlock();
        }
    }
}
