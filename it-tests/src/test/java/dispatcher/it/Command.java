package dispatcher.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// A program to run to its end.
///
/// @param words       the program and its arguments
/// @param environment variables beside the inherited ones
/// @param timeout     wall-clock time after which it is killed, with all that it has started
public record Command(List<String> words, Map<String, String> environment, Duration timeout) {

    private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(3);

    public Command {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
        if (words.isEmpty()) {
            throw new IllegalArgumentException("a command has at least one word");
        }
    }

    /// A command with the usual timeout of three minutes.
    public static Command of(Object... words) {
        List<String> texts = new ArrayList<>();
        for (Object word : words) {
            texts.add(word.toString());
        }
        return new Command(texts, Map.of(), DEFAULT_TIMEOUT);
    }

    /// The same command with these words at its end.
    public Command with(Object... more) {
        List<String> all = new ArrayList<>(words);
        for (Object word : more) {
            all.add(word.toString());
        }
        return new Command(all, environment, timeout);
    }

    /// The same command with these words before it.
    public Command after(Object... before) {
        return new Command(of(before).with(words.toArray()).words, environment, timeout);
    }

    public Command within(Duration limit) {
        return new Command(words, environment, limit);
    }

    public Command withVariable(String name, String value) {
        Map<String, String> all = new HashMap<>(environment);
        all.put(name, value);
        return new Command(words, all, timeout);
    }

    /// Starts it without waiting; standard input is empty, what becomes of the output is the caller's matter.
    public Process start(ProcessBuilder.Redirect output, ProcessBuilder.Redirect errors) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().putAll(environment);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.redirectOutput(output).redirectError(errors);
        return builder.start();
    }

    /// Runs it to its end, or to the timeout.
    ///
    /// @throws AssertionError if it did not end in time; the message has what it had written until then
    public Result run() throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Process process = start(ProcessBuilder.Redirect.PIPE, ProcessBuilder.Redirect.PIPE);
        try {
            FutureTask<String> output = reading(process.getInputStream());
            FutureTask<String> errors = reading(process.getErrorStream());
            boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                kill(process);
            }
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            Result result = new Result(words, process.waitFor(), text(output), text(errors), took);
            if (!ended) {
                throw new AssertionError("not done after %s: %s".formatted(timeout, result));
            }
            return result;
        } finally {
            kill(process);
        }
    }

    /// Like [#run], but begins anew when the thread is interrupted, and leaves it interrupted: for cleaning up
    /// with commands that may be repeated.
    Result runUninterrupted() throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return run();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private static FutureTask<String> reading(InputStream stream) {
        FutureTask<String> task = new FutureTask<>(() -> new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        Thread.ofVirtual().name("output of a command").start(task);
        return task;
    }

    private static String text(FutureTask<String> task) throws InterruptedException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new UncheckedIOException(new IOException("cannot read a command's output", e.getCause()));
        }
    }
}
