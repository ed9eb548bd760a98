package dispatcher.store.transfer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Which paths are on their way to one machine, and which copy sends them.
///
/// Copies for builds claim, in one step, all that they are to send, wait for what is claimed already, and then send
/// their own. So a copy only waits for claims that are older than its own, and no two wait for each other. Those who
/// send a path before a build asks for it ([EarlyCopy]) claim only what is free, and wait while a copy for a build
/// sends, unless a build waits for them.
///
/// Safe for any thread; the lock is not held over I/O or a call.
final class Underway {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Map<StorePath, Claim> claims = new HashMap<>();

    /// For each that asks the machine what it lacks: what others have sent there since it began to ask, wholly or in
    /// part. The machine's answer on those is out of date.
    @GuardedBy("lock")
    private final Set<Set<StorePath>> news = Collections.newSetFromMap(new IdentityHashMap<>());

    /// Copies for builds that send now.
    @GuardedBy("lock")
    private int sending;

    /// What one sends. To be ended by that one.
    ///
    /// All of it is guarded by the lock.
    final class Claim {
        private final List<PathInfo> paths;
        private final Set<Claim> others;
        private final Runnable wanted;
        private int waiting;
        private boolean sends;
        private boolean over;
        private boolean sent;

        private Claim(List<PathInfo> paths, Set<Claim> others, Runnable wanted) {
            this.paths = paths;
            this.others = others;
            this.wanted = wanted;
        }

        /// Paths that no other copy was sending.
        List<PathInfo> paths() {
            return paths;
        }

        /// Waits for the copies that send the rest of what was to be claimed.
        ///
        /// @return whether all of that is there
        boolean awaitOthers() throws InterruptedException {
            for (var other : others) if (!other.awaitEnd()) return false;
            return true;
        }

        private boolean awaitEnd() throws InterruptedException {
            lock.lock();
            try {
                waiting++;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            wanted.run();
            lock.lock();
            try {
                while (!over) changed.await();
                return sent;
            } finally {
                waiting--;
                lock.unlock();
            }
        }

        /// A copy for a build begins to send what it has claimed.
        void begins() {
            lock.lock();
            try {
                sends = !paths.isEmpty();
                if (sends) sending++;
            } finally {
                lock.unlock();
            }
        }

        /// Waits while copies for builds are being sent and none waits for this one.
        void awaitTurn() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                while (sending > 0 && waiting == 0) changed.await();
            } finally {
                lock.unlock();
            }
        }

        /// Whether a build waits for it.
        boolean isWanted() {
            lock.lock();
            try {
                return waiting > 0;
            } finally {
                lock.unlock();
            }
        }

        /// @param allSent whether all of it is there
        void end(boolean allSent) {
            lock.lock();
            try {
                for (var info : paths) {
                    claims.remove(info.path(), this);
                    for (var listener : news) listener.add(info.path());
                }
                if (sends) sending--;
                over = true;
                sent = allSent;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// From now on it is noted what is sent, until [#stopListening].
    Set<StorePath> listen() {
        var outdated = new HashSet<StorePath>();
        lock.lock();
        try {
            news.add(outdated);
        } finally {
            lock.unlock();
        }
        return outdated;
    }

    void stopListening(Set<StorePath> outdated) {
        lock.lock();
        try {
            news.remove(outdated);
        } finally {
            lock.unlock();
        }
    }

    /// Claims those of `missing` that no other copy is sending; empty if the machine must be asked again.
    ///
    /// @param outdated what was sent since it was asked
    Optional<Claim> claim(Collection<PathInfo> missing, Set<StorePath> outdated) {
        lock.lock();
        try {
            if (isOutdated(missing, outdated)) return Optional.empty();
            var free = new ArrayList<PathInfo>();
            var others = Collections.newSetFromMap(new IdentityHashMap<Claim, Boolean>());
            for (var info : missing) {
                var other = claims.get(info.path());
                if (other == null) free.add(info);
                else others.add(other);
            }
            return Optional.of(add(new Claim(free, others, () -> {})));
        } finally {
            lock.unlock();
        }
    }

    /// Claims all of `missing`, if no copy sends any of it and no copy for a build is being sent.
    ///
    /// @param wanted called, on their threads, when others begin to wait for it
    Optional<Claim> claimEarly(Collection<PathInfo> missing, Set<StorePath> outdated, Runnable wanted) {
        lock.lock();
        try {
            if (sending > 0 || isOutdated(missing, outdated)) return Optional.empty();
            for (var info : missing) if (claims.containsKey(info.path())) return Optional.empty();
            return Optional.of(add(new Claim(List.copyOf(missing), Set.of(), wanted)));
        } finally {
            lock.unlock();
        }
    }

    /// Whether no copy for a build is being sent.
    boolean isIdle() {
        lock.lock();
        try {
            return sending == 0;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isOutdated(Collection<PathInfo> missing, Set<StorePath> outdated) {
        return missing.stream().map(PathInfo::path).anyMatch(outdated::contains);
    }

    @GuardedBy("lock")
    private Claim add(Claim claim) {
        for (var info : claim.paths) claims.put(info.path(), claim);
        return claim;
    }
}
