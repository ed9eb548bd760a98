package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A command that runs while a test does something else. Its output goes to files. Confined to one thread.
final class Background implements AutoCloseable {

    private final Command command;
    private final Process process;
    private final Path out;
    private final Path err;
    private final long begin = System.nanoTime();

    private Background(Command command, Path out, Path err) throws IOException {
        this.command = command;
        this.out = out;
        this.err = err;
        this.process =
                command.start(ProcessBuilder.Redirect.to(out.toFile()), ProcessBuilder.Redirect.to(err.toFile()));
    }

    /// Starts it.
    ///
    /// @param folder for its output
    static Background start(Command command, Path folder) throws IOException {
        return new Background(
                command,
                Files.createTempFile(folder, "command", ".out"),
                Files.createTempFile(folder, "command", ".err"));
    }

    boolean alive() {
        return process.isAlive();
    }

    /// The processes that it has started, and theirs.
    Stream<ProcessHandle> descendants() {
        return process.descendants();
    }

    /// What it has written to standard output so far.
    String outputSoFar() throws IOException {
        return Files.readString(out);
    }

    /// What it has written to standard error so far.
    String errorsSoFar() throws IOException {
        return Files.readString(err);
    }

    /// Does what Ctrl-C does.
    void interrupt() throws IOException, InterruptedException {
        Command.of("kill", "-INT", process.pid()).run().orFail();
    }

    /// Does what Ctrl-C does to a command that `setsid` has made the leader of a process group: the whole group
    /// gets the signal.
    void interruptGroup() throws IOException, InterruptedException {
        Command.of("kill", "-INT", "--", "-" + process.pid()).run().orFail();
    }

    /// Waits for its end.
    ///
    /// @throws AssertionError if it takes longer; the message has what it wrote
    Result await(Duration limit) throws IOException, InterruptedException {
        boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        if (!ended) {
            close();
        }
        Result result = new Result(
                command.words(),
                process.waitFor(),
                Files.readString(out),
                Files.readString(err),
                Duration.ofNanos(System.nanoTime() - begin));
        if (!ended) {
            throw new AssertionError("not done after %s: %s".formatted(limit, result));
        }
        return result;
    }

    /// Kills it if it still runs.
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
