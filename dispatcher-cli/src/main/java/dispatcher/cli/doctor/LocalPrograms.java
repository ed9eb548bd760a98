package dispatcher.cli.doctor;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Processes of ours. None of them outlives this one, which a signal may end at any time. Safe for any number of
/// threads.
public final class LocalPrograms implements Programs {
    private static final int LONGEST_OUTPUT = 1 << 22;

    /// For a program to put away what it has begun.
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Running running = new Running();

    /// What has been started and not come to its end. It is asked to end with this process.
    private static final class Running {
        @GuardedBy("this")
        private final Set<Process> processes = new HashSet<>();

        @GuardedBy("this")
        private boolean hooked;

        @GuardedBy("this")
        private boolean over;

        /// @return false if this process ends already
        synchronized boolean add(Process process) {
            if (!hooked && !over) {
                try {
                    Runtime.getRuntime()
                            .addShutdownHook(
                                    Thread.ofPlatform().name("end programs").unstarted(this::endAll));
                    hooked = true;
                } catch (IllegalStateException e) {
                    over = true;
                }
            }
            return !over && processes.add(process);
        }

        synchronized boolean isOver() {
            return over;
        }

        synchronized void remove(Process process) {
            processes.remove(process);
        }

        private synchronized List<Process> last() {
            over = true;
            return List.copyOf(processes);
        }

        private void endAll() {
            for (var process : last()) endGently(process);
        }
    }

    @Override
    public Ran run(Duration limit, List<String> command) throws InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectInput(new File("/dev/null"))
                    .start();
        } catch (IOException e) {
            return new Ran(Ran.NOT_THERE, "", String.valueOf(e.getMessage()));
        }
        if (!running.add(process)) {
            end(process);
            throw endsItself();
        }
        try {
            var out = reading(process.getInputStream());
            var err = reading(process.getErrorStream());
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) end(process);
            if (running.isOver()) throw endsItself();
            return new Ran(ended ? process.exitValue() : Ran.TOO_LONG, out.get(), err.get());
        } catch (ExecutionException e) {
            return new Ran(Ran.TOO_LONG, "", String.valueOf(e.getCause()));
        } finally {
            end(process);
            running.remove(process);
        }
    }

    /// What a program printed that has been ended with us is no answer of its own.
    private static InterruptedException endsItself() {
        return new InterruptedException("this process ends");
    }

    /// By SIGTERM first, so that Nix takes away its temporary files and the build that it waits for.
    private static void endGently(Process process) {
        var all = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .toList();
        all.forEach(ProcessHandle::destroy);
        try {
            boolean _ = process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        all.forEach(ProcessHandle::destroyForcibly);
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /// What comes after the limit is read and dropped, so that the program goes on.
    private static FutureTask<String> reading(InputStream stream) {
        var task = new FutureTask<>(() -> {
            try {
                var text = new String(stream.readNBytes(LONGEST_OUTPUT), StandardCharsets.UTF_8);
                stream.skip(Long.MAX_VALUE);
                return text;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Thread.ofVirtual().name("output of a program").start(task);
        return task;
    }
}
