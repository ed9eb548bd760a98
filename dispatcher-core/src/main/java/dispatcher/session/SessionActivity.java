package dispatcher.session;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/// Whether a client is being served: one of its builds goes on, or it is still about to fetch what came out.
/// Safe for any thread.
final class SessionActivity {
    /// A client that fetches what was built for it asks for the next output within this time.
    private static final Duration FETCHING = Duration.ofSeconds(2);

    private final AtomicInteger building = new AtomicInteger();

    /// When a build ended or an output was handed out last, in nanoseconds.
    private volatile long servedAt = System.nanoTime() - FETCHING.toNanos();

    void buildBegins() {
        building.incrementAndGet();
    }

    void buildEnds() {
        servedAt = System.nanoTime();
        building.decrementAndGet();
    }

    /// The client fetches what is written to this.
    OutputStream fetching(OutputStream sink) {
        return new FilterOutputStream(sink) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                servedAt = System.nanoTime();
                out.write(bytes, offset, length);
            }
        };
    }

    boolean goesOn() {
        return building.get() > 0 || System.nanoTime() - servedAt < FETCHING.toNanos();
    }
}
