package dispatcher.cli.doctor;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// Processes of ours. Safe for any number of threads.
public final class LocalPrograms implements Programs {
    private static final int LONGEST_OUTPUT = 1 << 22;

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
        try {
            var out = reading(process.getInputStream());
            var err = reading(process.getErrorStream());
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) end(process);
            return new Ran(ended ? process.exitValue() : Ran.TOO_LONG, out.get(), err.get());
        } catch (ExecutionException e) {
            return new Ran(Ran.TOO_LONG, "", String.valueOf(e.getCause()));
        } finally {
            end(process);
        }
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
