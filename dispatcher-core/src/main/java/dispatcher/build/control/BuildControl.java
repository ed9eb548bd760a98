package dispatcher.build.control;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.StorePath;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// How others stop one build that waits for a machine or runs. An order interrupts the build's thread, which then asks
/// what it is to do. Safe for any thread.
public final class BuildControl {
    private final StorePath drvPath;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private Optional<Thread> thread = Optional.empty();

    @GuardedBy("lock")
    private Optional<String> machine = Optional.empty();

    @GuardedBy("lock")
    private Optional<Intervention> cancelled = Optional.empty();

    @GuardedBy("lock")
    private Optional<Intervention> moved = Optional.empty();

    /// Whether it is interrupted for another reason: nobody wants it.
    @GuardedBy("lock")
    private boolean unwanted;

    public BuildControl(StorePath drvPath) {
        this.drvPath = drvPath;
    }

    StorePath drvPath() {
        return drvPath;
    }

    // ---- for the build

    /// The build begins, on this thread.
    public void begin() {
        lock.lock();
        try {
            thread = Optional.of(Thread.currentThread());
            if (cancelled.isPresent()) Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /// The build has come to an end, on the thread that began it: no order interrupts that any more.
    public void end() {
        lock.lock();
        try {
            thread = Optional.empty();
            forgetInterruption();
        } finally {
            lock.unlock();
        }
    }

    /// The build is on a machine from now on.
    public void arrive(String name) {
        lock.lock();
        try {
            machine = Optional.of(name);
        } finally {
            lock.unlock();
        }
    }

    /// It is there no more. An order to leave that machine means nothing from now on.
    public void leave() {
        lock.lock();
        try {
            machine = Optional.empty();
            if (moved.isEmpty()) return;
            moved = Optional.empty();
            if (cancelled.isEmpty()) forgetInterruption();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void forgetInterruption() {
        if (!unwanted) Thread.interrupted();
    }

    /// Nobody wants the build any more, and its thread is interrupted for that next.
    public void unwanted() {
        lock.lock();
        try {
            unwanted = true;
        } finally {
            lock.unlock();
        }
    }

    /// Who cancelled it and why, if somebody did.
    public Optional<Intervention> cancelled() {
        lock.lock();
        try {
            return cancelled;
        } finally {
            lock.unlock();
        }
    }

    /// Who wants it on another machine and why, if it was interrupted for that alone.
    public Optional<Intervention> takeMove() {
        lock.lock();
        try {
            if (unwanted || cancelled.isPresent()) return Optional.empty();
            var why = moved;
            moved = Optional.empty();
            return why;
        } finally {
            lock.unlock();
        }
    }

    // ---- for operators

    void cancel(Intervention why) {
        lock.lock();
        try {
            if (cancelled.isPresent()) return;
            cancelled = Optional.of(why);
            thread.ifPresent(Thread::interrupt);
        } finally {
            lock.unlock();
        }
    }

    /// @return the machine that it leaves; empty if it is on none
    Optional<String> move(Intervention why) {
        lock.lock();
        try {
            if (thread.isEmpty() || machine.isEmpty() || cancelled.isPresent()) return Optional.empty();
            if (moved.isEmpty()) thread.get().interrupt();
            moved = Optional.of(why);
            return machine;
        } finally {
            lock.unlock();
        }
    }
}
