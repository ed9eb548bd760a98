package dispatcher.protocol;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.wire.WireReader;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Notices that a client has gone while its thread is busy with what it asked for.
///
/// A client sends nothing while it waits for a reply, so the next byte is either its next request or its end.
/// Waiting for that byte is handed to a second thread during a build; the reader is never used by both at once,
/// since the owner waits for the watcher before it reads again. So nothing may be watched while a request is still
/// read.
public final class ClientWatch {
    private final WireReader in;
    private @Nullable Watching watching;

    public ClientWatch(WireReader in) {
        this.in = in;
    }

    /// Waits for the client's next request.
    ///
    /// @return false if the client has gone
    public boolean awaitRequest() throws IOException, InterruptedException {
        var current = watching;
        if (current == null) return in.awaitInput();
        current.thread.join();
        watching = null;
        return !current.isGone() && in.awaitInput();
    }

    /// Interrupts the calling thread if the client goes before the returned guard is closed; never after that.
    /// Within such a guard another does nothing.
    public Guard interruptWhenGone() {
        var current = watching;
        if (current != null) return current.guardAgain() ? current::stopGuarding : () -> {};
        current = new Watching(Thread.currentThread());
        watching = current;
        current.thread.start();
        return current::stopGuarding;
    }

    /// Ends the interrupting; closing it cannot fail.
    public interface Guard extends AutoCloseable {
        @Override
        void close();
    }

    private final class Watching {
        private final Thread owner;
        private final Thread thread = Thread.ofVirtual().name("client watch").unstarted(this::watch);
        /// Held while interrupting, so that no interrupt comes late and hits what the owner does next.
        private final ReentrantLock lock = new ReentrantLock();

        @GuardedBy("lock")
        private boolean guarding = true;

        @GuardedBy("lock")
        private boolean gone;

        Watching(Thread owner) {
            this.owner = owner;
        }

        private void watch() {
            try {
                if (in.awaitInput()) return;
            } catch (IOException e) {
                // A connection that broke is a client that has gone.
            }
            lock.lock();
            try {
                gone = true;
                if (guarding) owner.interrupt();
            } finally {
                lock.unlock();
            }
        }

        /// @return false if it does so already
        private boolean guardAgain() {
            lock.lock();
            try {
                if (guarding) return false;
                guarding = true;
                if (gone) owner.interrupt();
                return true;
            } finally {
                lock.unlock();
            }
        }

        private boolean isGone() {
            lock.lock();
            try {
                return gone;
            } finally {
                lock.unlock();
            }
        }

        private void stopGuarding() {
            lock.lock();
            try {
                guarding = false;
            } finally {
                lock.unlock();
            }
        }
    }
}
