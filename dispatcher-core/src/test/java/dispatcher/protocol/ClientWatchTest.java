package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.testkit.MemoryPipe;
import dispatcher.wire.WireReader;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
class ClientWatchTest {
    private final MemoryPipe pipe = new MemoryPipe();
    private final WireReader in = new WireReader(pipe.in());
    private final ClientWatch watch = new ClientWatch(in);

    @Test
    void requestIsWaitedFor() throws Exception {
        pipe.out().write(new byte[] {7, 0, 0, 0, 0, 0, 0, 0});
        assertThat(watch.awaitRequest()).isTrue();
        assertThat(in.readLong()).isEqualTo(7);
        pipe.end();
        assertThat(watch.awaitRequest()).isFalse();
    }

    @Test
    void clientThatGoesInterrupts() throws Exception {
        try (var _ = watch.interruptWhenGone()) {
            pipe.end();
            assertThatThrownBy(() -> new CountDownLatch(1).await()).isInstanceOf(InterruptedException.class);
        }
        assertThat(watch.awaitRequest()).isFalse();
    }

    @Test
    void brokenConnectionInterruptsToo() throws Exception {
        try (var _ = watch.interruptWhenGone()) {
            pipe.abort();
            assertThatThrownBy(() -> new CountDownLatch(1).await()).isInstanceOf(InterruptedException.class);
        }
        assertThat(watch.awaitRequest()).isFalse();
    }

    @Test
    void requestThatIsThereAlreadyIsNoEnd() throws Exception {
        pipe.out().write(new byte[16]);
        in.readLong();
        try (var _ = watch.interruptWhenGone()) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
        assertThat(watch.awaitRequest()).isTrue();
        in.readLong();
    }

    /// An interrupt that came late would hit whatever the thread does next.
    @Test
    void nothingIsInterruptedAfterTheGuardIsClosed() throws Exception {
        for (int i = 0; i < 2000; i++) {
            var line = new MemoryPipe();
            var client = new ClientWatch(new WireReader(line.in()));
            var guard = client.interruptWhenGone();
            var going = Thread.ofVirtual().start(line::end);
            guard.close();
            // Whether the client was seen to go before that is a matter of luck.
            boolean before = Thread.interrupted();
            going.join();
            assertThat(client.awaitRequest()).isFalse();
            assertThat(Thread.interrupted())
                    .as("interrupted after the end, before: %s", before)
                    .isFalse();
        }
    }
}
