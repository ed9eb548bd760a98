package dispatcher.dispatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Lets only one of several equal builds run at a time, whoever wants them: the others follow its log, and need not run
/// if it came to something. Safe for any thread; waiting ends when the thread is interrupted.
final class EqualBuilds {
    private record Key(StorePath drvPath, BasicDerivation derivation) {}

    /// What those share who want the same now.
    private static final class Shared {
        private final Semaphore turn = new Semaphore(1);
        private final FollowedLog log = new FollowedLog();
        /// Written by whoever has the turn.
        private volatile @Nullable BuildResult result;

        /// Guarded by the outer lock.
        private int users;
    }

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<Key, Shared> builds = new HashMap<>();

    /// One who is free to build; to be closed in the end.
    final class Turn implements AutoCloseable {
        private final Key key;
        private final Shared shared;

        private Turn(Key key, Shared shared, BuildLog log) {
            this.key = key;
            this.shared = shared;
            shared.log.begin(log);
        }

        /// What an equal build came to while this one waited for it.
        Optional<BuildResult> earlier() {
            return Optional.ofNullable(shared.result);
        }

        /// Where the build is to tell how it goes: all who want it hear that.
        BuildLog log() {
            return shared.log;
        }

        /// The client who has the turn has left, and hears no more.
        void clientLeft() {
            shared.log.end();
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

        /// What this build came to, for those who wait.
        void share(BuildResult result) {
            shared.result = result;
        }

        @Override
        public void close() {
            shared.log.end();
            shared.turn.release();
            shared.log.wake();
            leave(key, shared);
        }
    }

    /// Returns when no equal build is under way.
    ///
    /// @param log     gets the log of the one that is
    /// @param waiting called if there is one, before anything of that log is written
    Turn await(StorePath drvPath, BasicDerivation derivation, BuildLog log, Runnable waiting)
            throws InterruptedException {
        var key = new Key(drvPath, derivation);
        var shared = join(key);
        boolean mine = false;
        try {
            if (!shared.turn.tryAcquire()) follow(shared, log, waiting);
            mine = true;
        } finally {
            if (!mine) leave(key, shared);
        }
        return new Turn(key, shared, log);
    }

    /// Who is told that it waits misses nothing that is logged from then on.
    private static void follow(Shared shared, BuildLog log, Runnable waiting) throws InterruptedException {
        try (var follower = shared.log.follow(log)) {
            waiting.run();
            while (!shared.turn.tryAcquire()) follower.writeNext();
            follower.writeRest();
        } catch (InterruptedException e) {
            // The wake-up call that was meant for one of us must not be lost with this one.
            shared.log.wake();
            throw e;
        }
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
