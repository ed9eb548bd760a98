package dispatcher.build;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.build.control.Intervention;
import dispatcher.build.log.BroadcastLog;
import dispatcher.build.log.ClientLog;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Lets only one of several equal builds run at a time, for all clients. Those for different machines are not equal.
/// The others follow its log, and need not run if it has a result. A client that does not read cannot keep the turn.
/// Safe for any thread; an interruption ends the waiting.
final class EqualBuilds {
    private record Key(StorePath drvPath, BasicDerivation derivation, Optional<String> machine) {}

    /// How a build ended that others waited for.
    ///
    /// @param cancelled who ended it and why, if an operator did
    record Ended(BuildResult result, Optional<Intervention> cancelled) {}

    /// What equal builds share that are wanted now.
    private static final class Shared {
        private final Semaphore turn = new Semaphore(1);
        private final BroadcastLog log = new BroadcastLog();
        /// Written by the holder of the turn.
        private volatile @Nullable Ended ended;

        /// Guarded by the outer lock.
        private int users;
    }

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<Key, Shared> builds = new HashMap<>();

    /// The right to build, for one client; to be closed in the end.
    final class Turn implements AutoCloseable {
        private final Key key;
        private final Shared shared;
        private final ClientLog client;
        private final AtomicBoolean over = new AtomicBoolean();

        private Turn(Key key, Shared shared, ClientLog client) {
            this.key = key;
            this.shared = shared;
            this.client = client;
            shared.log.begin();
        }

        /// How an equal build ended while this one waited for it.
        Optional<Ended> earlier() {
            return Optional.ofNullable(shared.ended);
        }

        /// The log that the build writes to; all clients that want the build get it. See [BroadcastLog].
        BuildLog log() {
            return shared.log;
        }

        /// The client who has the turn has left, and hears no more.
        void clientLeft() {
            shared.log.leave(client);
        }

        /// Whether another client waits for this build.
        boolean isWantedByOthers() {
            lock.lock();
            try {
                return shared.users > 1;
            } finally {
                lock.unlock();
            }
        }

        /// Publishes how this build ended to those who wait.
        void share(Ended ended) {
            shared.ended = ended;
        }

        /// For any thread; a second time does nothing.
        @Override
        public void close() {
            if (!over.compareAndSet(false, true)) return;
            shared.log.leave(client);
            shared.turn.release();
            shared.log.wake();
            EqualBuilds.this.leave(key, shared);
        }
    }

    /// Returns when no equal build is under way.
    ///
    /// @param machine the only one that it may go to
    /// @param client  gets the log of the one that is, and of the one that follows; is written meanwhile
    /// @param waiting called if there is one, before anything of that log is written
    Turn await(
            StorePath drvPath, BasicDerivation derivation, Optional<String> machine, ClientLog client, Runnable waiting)
            throws InterruptedException {
        var key = new Key(drvPath, derivation, machine);
        var shared = join(key);
        boolean mine = false;
        try {
            shared.log.follow(client);
            if (!shared.turn.tryAcquire()) {
                waiting.run();
                while (!shared.turn.tryAcquire()) client.writeNext();
            }
            mine = true;
        } finally {
            if (!mine) {
                shared.log.leave(client);
                leave(key, shared);
            }
        }
        return new Turn(key, shared, client);
    }

    private Shared join(Key key) {
        lock.lock();
        try {
            var shared = builds.computeIfAbsent(key, _ -> new Shared());
            shared.users++;
            return shared;
        } finally {
            lock.unlock();
        }
    }

    private void leave(Key key, Shared shared) {
        lock.lock();
        try {
            if (--shared.users == 0) builds.remove(key);
        } finally {
            lock.unlock();
        }
    }
}
