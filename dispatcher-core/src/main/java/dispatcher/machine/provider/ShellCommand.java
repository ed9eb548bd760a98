package dispatcher.machine.provider;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.text.Printable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// One command on this host, by `/bin/sh -c`, from its start to its end. Its output is bounded: the last lines are
/// kept, and long lines come in pieces.
///
/// What it leaves running may still write to its output, which is read on a thread of its own for as long as somebody
/// has it open.
public final class ShellCommand {
    /// Lines that an error shows.
    public static final int LAST_LINES = 10;

    public static final int LONGEST_LINE = 500;

    /// Of a shell: the command is there and cannot be run, or is not there.
    static final int NOT_EXECUTABLE = 126;

    public static final int NOT_FOUND = 127;

    /// For output that is on its way still when the command has ended.
    private static final Duration REST = Duration.ofMillis(200);

    private static final int MOST_RESTS = 10;

    private final String text;
    private final Consumer<String> output;
    private final AtomicLong taken = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<String> last = new ArrayDeque<>();

    /// @param output given each line, fit for a log
    public ShellCommand(String text, Consumer<String> output) {
        this.text = text;
        this.output = output;
    }

    /// One word for the shell.
    public static String quoted(String word) {
        return "'%s'".formatted(word.replace("'", "'\\''"));
    }

    /// Runs it. A command that is interrupted, or takes longer than `limit`, is killed with all that it has started
    /// and not let go.
    ///
    /// @param machine     for the name of a thread
    /// @param environment what it finds there, beside our own
    /// @return the exit status
    /// @throws IOException if it cannot be started, or takes longer
    public int run(String machine, Map<String, String> environment, Duration limit)
            throws IOException, InterruptedException {
        var builder = new ProcessBuilder("/bin/sh", "-c", text)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"));
        builder.environment().putAll(environment);
        var process = builder.start();
        var reader = Thread.ofVirtual()
                .name("output of a command for " + machine)
                .start(() -> read(process.getInputStream()));
        boolean ended = false;
        try {
            ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            if (!ended) kill(process);
        }
        awaitRest(reader);
        if (ended) return process.exitValue();
        throw new IOException(
                "%s did not end within %d s and was killed%s".formatted(name(), limit.toSeconds(), said()));
    }

    /// Until all of its output has been read; but no longer than nothing comes, or [#MOST_RESTS] times that, as what it
    /// left running may write for ever.
    private void awaitRest(Thread reader) throws InterruptedException {
        for (int i = 0; i < MOST_RESTS; i++) {
            long before = taken.get();
            if (reader.join(REST) || taken.get() == before) return;
        }
    }

    private static void kill(Process process) {
        // Those of a process that is gone are no longer found, so all are looked up first.
        var tree = process.descendants().toList();
        process.destroyForcibly();
        tree.forEach(ProcessHandle::destroyForcibly);
    }

    private void read(InputStream in) {
        try (Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
            var line = new StringBuilder();
            int c;
            while ((c = reader.read()) >= 0) {
                if (c != '\n') line.append((char) c);
                if (c == '\n' || line.length() == LONGEST_LINE) take(line);
            }
            if (!line.isEmpty()) take(line);
        } catch (IOException e) {
            // It was killed; what it said is there.
        }
    }

    private void take(StringBuilder line) {
        var printable = Printable.line(line.toString().stripTrailing(), LONGEST_LINE);
        line.setLength(0);
        taken.incrementAndGet();
        if (printable.isEmpty()) return;
        lock.lock();
        try {
            last.addLast(printable);
            if (last.size() > LAST_LINES) last.removeFirst();
        } finally {
            lock.unlock();
        }
        output.accept(printable);
    }

    /// The last lines of its output, standard error too.
    List<String> lastLines() {
        lock.lock();
        try {
            return List.copyOf(last);
        } finally {
            lock.unlock();
        }
    }

    String name() {
        return "'%s'".formatted(Printable.line(text, LONGEST_LINE));
    }

    /// For the end of an error.
    public String said() {
        var lines = lastLines();
        return lines.isEmpty() ? "; it printed nothing" : "; it printed: " + String.join("; ", lines);
    }
}
