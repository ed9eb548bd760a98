package dispatcher.ssh;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.common.future.SshFuture;

/// Interruptible waiting for the library's futures, whose own waiting is not, and how long that may be.
public final class Waiting {
    private Waiting() {}

    /// Whether `future` is done within `limit`.
    public static <T extends SshFuture<T>> boolean done(SshFuture<T> future, Duration limit)
            throws InterruptedException {
        CountDownLatch latch = new CountDownLatch(1);
        future.addListener(_ -> latch.countDown());
        return latch.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// A time limit in words.
    public static String seconds(Duration limit) {
        return limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
    }
}
