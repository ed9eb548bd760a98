package dispatcher.cli.web;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.api.http.Endpoint;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Counts what happens in the dispatcher, so that pages that are being shown follow. What it was is not kept: any
/// number of changes is one for a browser that did not look meanwhile. Safe for any thread.
public final class Changes {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();

    @GuardedBy("lock")
    private long count;

    /// Something happened.
    public void note() {
        lock.lock();
        try {
            count++;
            more.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The same endpoints; after each `POST`, something has happened.
    public List<Endpoint> notedBy(List<Endpoint> endpoints) {
        return endpoints.stream()
                .map(it -> it.method().equals("GET")
                        ? it
                        : Endpoint.post(it.path(), request -> {
                            try {
                                return it.handler().answer(request);
                            } finally {
                                note();
                            }
                        }))
                .toList();
    }

    /// How many there were.
    long count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }

    /// Waits until there were more than `seen`.
    ///
    /// @param longest after which it returns anyway
    /// @return how many there were
    long await(long seen, Duration longest) throws InterruptedException {
        lock.lock();
        try {
            long left = longest.toNanos();
            while (count == seen && left > 0) left = more.awaitNanos(left);
            return count;
        } finally {
            lock.unlock();
        }
    }
}
