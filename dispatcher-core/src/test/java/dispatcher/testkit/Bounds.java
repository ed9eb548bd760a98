package dispatcher.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/// What a parser may cost for an input of some size: its time, and what it allocates on the way, also if all of
/// that is garbage at once.
///
/// What is over a bound is done again and measured again, three times in all, since who comes first pays for the
/// classes that are loaded, and for what the tools make of them. Only the calling thread is measured. A parser that
/// waits for ever is for the one who runs the test to end.
public final class Bounds {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// Of the processor's time, so that a busy machine is no fault of the parser's.
    private static final Duration TIME = Duration.ofSeconds(1);

    /// Buffers that are there whatever comes, and the stack traces of what is refused.
    private static final long FIXED_BYTES = 2 << 20;

    /// A word of an input is a string, a node in a map, a line of a message.
    private static final long BYTES_FOR_EACH = 1024;

    private static final int TRIES = 3;

    private Bounds() {}

    /// Something that is done with an input.
    public interface Body {
        void run();
    }

    /// Does it, and fails if it costs too much.
    ///
    /// @param inputBytes size of the input
    public static void hold(int inputBytes, Body body) {
        var cost = measure(body);
        for (int again = 1; again < TRIES && !isWithin(cost, inputBytes); again++) cost = measure(body);
        if (!isWithin(cost, inputBytes))
            throw new AssertionError("an input of %d bytes took %d ms of the processor and %d bytes of memory"
                    .formatted(inputBytes, cost.nanos() / 1_000_000, cost.bytes()));
    }

    private record Cost(long nanos, long bytes) {}

    private static Cost measure(Body body) {
        long bytes = THREADS.getCurrentThreadAllocatedBytes();
        long nanos = System.nanoTime();
        long processor = THREADS.getCurrentThreadCpuTime();
        body.run();
        long taken = System.nanoTime() - nanos;
        return new Cost(
                taken < TIME.toNanos() ? taken : THREADS.getCurrentThreadCpuTime() - processor,
                THREADS.getCurrentThreadAllocatedBytes() - bytes);
    }

    private static boolean isWithin(Cost cost, int inputBytes) {
        return cost.nanos() < TIME.toNanos() && cost.bytes() < FIXED_BYTES + BYTES_FOR_EACH * inputBytes;
    }
}
