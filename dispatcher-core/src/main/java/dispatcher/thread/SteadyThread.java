package dispatcher.thread;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A thread that watches over something for as long as the program or a machine is there. An unforeseen exception
/// goes to the log with its cause and ends one round only: after a pause the next round begins. The pause grows from
/// a second to a minute while round after round fails.
///
/// It ends when a round says so, and when it is interrupted.
public final class SteadyThread {
    private static final Logger log = LoggerFactory.getLogger(SteadyThread.class);
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(1);

    private SteadyThread() {}

    /// What it does again and again. A round that ends at once is to wait for something first.
    public interface Round {
        /// @return whether there is to be another
        boolean run() throws InterruptedException;
    }

    /// Lets time pass.
    interface Pauses {
        void pause(Duration duration) throws InterruptedException;
    }

    /// A virtual thread, to be started.
    ///
    /// @param name what it does, for the log too
    public static Thread unstarted(String name, Round round) {
        return unstarted(Thread.ofVirtual(), name, round);
    }

    /// @param kind of thread
    public static Thread unstarted(Thread.Builder kind, String name, Round round) {
        return kind.name(name).unstarted(() -> run(name, round, Thread::sleep));
    }

    static void run(String name, Round round, Pauses pauses) {
        var pause = SHORTEST;
        try {
            while (true) {
                try {
                    if (!round.run()) return;
                    pause = SHORTEST;
                } catch (RuntimeException | Error e) {
                    report(name, e);
                    pauses.pause(pause);
                    var longer = pause.multipliedBy(2);
                    pause = longer.compareTo(LONGEST) < 0 ? longer : LONGEST;
                }
            }
        } catch (InterruptedException e) {
            // Nobody needs it any more.
        }
    }

    private static void report(String name, Throwable bug) {
        try {
            log.atError()
                    .addKeyValue("thread", name)
                    .setCause(bug)
                    .log("bug: a round of this thread failed; it goes on");
        } catch (RuntimeException | Error e) {
            // Without memory even for the report, going on is worth more.
        }
    }
}
