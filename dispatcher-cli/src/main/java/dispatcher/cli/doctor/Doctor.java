package dispatcher.cli.doctor;

import dispatcher.machine.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/// Looks at many machines at once, each on a virtual thread of its own, and no more than [#MOST_AT_ONCE] of them.
///
/// @param done gets how many machines have been looked at, on any thread
record Doctor(MachineCheck check, IntConsumer done) {
    static final int MOST_AT_ONCE = 32;
    private static final Duration MOST_SKEW = Duration.ofSeconds(5);
    private static final int MANY = 2;

    /// The findings of the machines, in their order.
    List<Finding> findings(Collection<Machine> machines) throws InterruptedException {
        var places = new Semaphore(MOST_AT_ONCE);
        var count = new AtomicInteger();
        var tasks = new ArrayList<FutureTask<MachineCheck.Looked>>();
        var threads = new ArrayList<Thread>();
        for (var machine : machines) {
            var task = new FutureTask<>(() -> {
                places.acquire();
                try {
                    return check.look(machine);
                } finally {
                    places.release();
                    done.accept(count.incrementAndGet());
                }
            });
            tasks.add(task);
            threads.add(Thread.ofVirtual().name("doctor " + machine.name()).start(task));
        }
        try {
            var findings = new ArrayList<Finding>();
            var clocks = new ArrayList<Duration>();
            for (var task : tasks) {
                var looked = task.get();
                findings.addAll(looked.findings());
                looked.ahead().ifPresent(clocks::add);
            }
            ownClock(clocks).ifPresent(findings::add);
            return findings;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a machine could not be looked at in an unforeseen way", e.getCause());
        } finally {
            threads.forEach(Thread::interrupt);
        }
    }

    /// If all machines agree that our clock is wrong, it is. One machine alone says nothing of it.
    static Optional<Finding> ownClock(List<Duration> ahead) {
        if (ahead.size() < MANY) return Optional.empty();
        boolean behind = ahead.stream().allMatch(skew -> skew.compareTo(MOST_SKEW) > 0);
        boolean before = ahead.stream().allMatch(skew -> skew.negated().compareTo(MOST_SKEW) > 0);
        if (!behind && !before) return Optional.of(Finding.ok(DispatcherCheck.SUBJECT, "clock", "as on machines"));
        return Optional.of(Finding.warning(
                DispatcherCheck.SUBJECT,
                "clock",
                "the clock of this host is %s those of all machines".formatted(behind ? "behind" : "ahead of"),
                "this host",
                "timedatectl set-ntp true"));
    }
}
