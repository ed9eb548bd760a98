package dispatcher.testkit;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// Holds threads up until the test lets them go.
public final class Gate {
    private final CountDownLatch latch = new CountDownLatch(1);
    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicInteger gone = new AtomicInteger();

    /// Called by those who are to wait.
    public void pass() throws InterruptedException {
        arrived.incrementAndGet();
        try {
            latch.await();
        } finally {
            gone.incrementAndGet();
        }
    }

    /// Lets go all who wait, and all who come later.
    public void open() {
        latch.countDown();
    }

    public void awaitArrivals(int count) {
        Await.until(count + " have come to the gate", () -> arrived.get() >= count);
    }

    /// Waits until this many have left, passing or interrupted.
    public void awaitDepartures(int count) {
        Await.until(count + " have left the gate", () -> gone.get() >= count);
    }

    public int arrived() {
        return arrived.get();
    }
}
