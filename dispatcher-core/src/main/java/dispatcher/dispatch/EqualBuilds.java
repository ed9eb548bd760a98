package dispatcher.dispatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StorePath;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Lets only one of several equal builds run at a time, whoever wants them: the others wait for it, and need not run if
/// it came to something. Safe for any thread; waiting ends when the thread is interrupted.
final class EqualBuilds {
    private record Key(StorePath drvPath, BasicDerivation derivation) {}

    /// What those share who want the same now.
    private static final class Shared {
        private final Semaphore turn = new Semaphore(1, true);
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

        private Turn(Key key, Shared shared) {
            this.key = key;
            this.shared = shared;
        }

        /// What an equal build came to while this one waited for it.
        Optional<BuildResult> earlier() {
            return Optional.ofNullable(shared.result);
        }

        /// What this build came to, for those who wait.
        void share(BuildResult result) {
            shared.result = result;
        }

        @Override
        public void close() {
            shared.turn.release();
            leave(key, shared);
        }
    }

    /// Returns when no equal build is under way.
    ///
    /// @param waiting called first if there is one
    Turn await(StorePath drvPath, BasicDerivation derivation, Runnable waiting) throws InterruptedException {
        var key = new Key(drvPath, derivation);
        var shared = join(key);
        boolean mine = false;
        try {
            if (!shared.turn.tryAcquire()) {
                waiting.run();
                shared.turn.acquire();
            }
            mine = true;
        } finally {
            if (!mine) leave(key, shared);
        }
        return new Turn(key, shared);
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
