package dispatcher.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `./dispatcher serve` as a process of its own. Its output goes to a file beside its settings. Confined to one
/// thread.
public final class DispatcherProcess implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration IMPATIENCE = Duration.ofMillis(500);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);
    private static final Pattern RESIDENT = Pattern.compile("^VmRSS:\\s+(\\d+) kB$", Pattern.MULTILINE);

    private final Process process;
    private final Path settings;
    private final Path log;
    private final Duration startTook;

    private DispatcherProcess(Process process, Path settings, Path log, Duration startTook) {
        this.process = process;
        this.settings = settings;
        this.log = log;
        this.startTook = startTook;
    }

    /// Starts one with the fleet's own settings and waits until its socket takes connections.
    public static DispatcherProcess start(Fleet fleet) throws Exception {
        return start(fleet, fleet.settings());
    }

    /// Starts one where the fleet's machines can be reached, which listens at [Fleet#socket].
    public static DispatcherProcess start(Fleet fleet, Path settings) throws Exception {
        return start(fleet.within(serve(settings)), settings, fleet.socket(), "");
    }

    /// Starts one and waits until its socket takes connections.
    ///
    /// @param settings the file for `--config`; a log of this process alone is written beside it
    /// @param socket   where it will listen, according to the settings
    /// @param jvm      flags for its JVM, such as `-Xmx128m`; may be empty
    /// @throws AssertionError if it ends before, or takes more than a minute; the message has its log
    public static DispatcherProcess start(Path settings, Path socket, String jvm) throws Exception {
        return start(serve(settings), settings, socket, jvm);
    }

    private static Command serve(Path settings) {
        return Command.of(Checkout.dispatcher(), "serve", "--config", settings);
    }

    private static DispatcherProcess start(Command serve, Path settings, Path socket, String jvm) throws Exception {
        Path log = Files.createTempFile(settings.toAbsolutePath().getParent(), settings.getFileName() + ".", ".log");
        ProcessBuilder.Redirect output = ProcessBuilder.Redirect.appendTo(log.toFile());
        long begin = System.nanoTime();
        Process process = serve.withVariable("DISPATCHER_JAVA_OPTS", jvm).start(output, output);
        try {
            Await.until(START_LIMIT, () -> "the dispatcher's socket " + socket + "\n" + read(log), () -> {
                if (!process.isAlive()) {
                    throw new AssertionError("the dispatcher ended with status %d while starting%n%s"
                            .formatted(process.exitValue(), read(log)));
                }
                return answers(socket);
            });
        } catch (Throwable e) {
            process.destroyForcibly();
            throw e;
        }
        return new DispatcherProcess(process, settings, log, Duration.ofNanos(System.nanoTime() - begin));
    }

    private static boolean answers(Path socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false; // not there yet, or nobody listens yet
        }
    }

    /// What `dispatcher builders` prints for its settings, with these further arguments.
    public String builders(Object... arguments) throws IOException, InterruptedException {
        return buildersCommand(arguments).run().orFail().out().strip();
    }

    /// The command of [#builders], for tests that look at its notes too.
    public Command buildersCommand(Object... arguments) throws IOException {
        return Command.of(Checkout.dispatcher(), "builders", "--config", settings, "--shim", Checkout.shim(settings))
                .with(arguments);
    }

    /// Wall-clock time from the start of the process to the first connection that it took.
    public Duration startTook() {
        return startTook;
    }

    /// Resident memory in bytes.
    public long residentBytes() throws IOException {
        Matcher matcher = RESIDENT.matcher(Files.readString(Path.of("/proc/" + process.pid() + "/status")));
        if (!matcher.find()) {
            throw new IllegalStateException("process %d has ended".formatted(process.pid()));
        }
        return Long.parseLong(matcher.group(1)) * 1024;
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /// All that it has written so far.
    public String log() {
        return read(log);
    }

    /// Waits until its log contains this text.
    public void awaitLog(String text, Duration limit) throws Exception {
        Await.until(limit, () -> "'" + text + "' in the dispatcher's log\n" + log(), () -> log().contains(text));
    }

    /// Has it read its settings again (SIGHUP).
    public void signalReload() throws IOException, InterruptedException {
        Command.of("kill", "-HUP", process.pid()).run().orFail();
    }

    /// Asks it to end (SIGTERM).
    public void signalStop() {
        process.destroy();
    }

    /// Waits for its end.
    ///
    /// @return its exit status
    public int awaitEnd() throws InterruptedException {
        if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("not ended within %s%n%s".formatted(STOP_LIMIT, log()));
        }
        return process.exitValue();
    }

    /// Asks it to end (SIGTERM) and waits for that, and so for builds that run.
    ///
    /// @return its exit status
    /// @throws AssertionError if it has not ended after 15 s; it is killed then
    public int stop() {
        process.destroy();
        try {
            return process.onExit()
                    .orTimeout(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                    .join()
                    .exitValue();
        } catch (CompletionException e) {
            kill();
            throw new AssertionError("not ended within %s of SIGTERM%n%s".formatted(STOP_LIMIT, log()), e);
        }
    }

    /// Kills it at once (SIGKILL), as a crash would.
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    /// Asks it to end, and a second time if it does not do so at once: whatever builds there are, they are cut off.
    ///
    /// @return its exit status
    public int stopNow() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(IMPATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
            Command.of("kill", "-TERM", process.pid()).run();
        }
        return process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS) ? process.exitValue() : stop();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            try {
                stopNow();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                kill();
                Thread.currentThread().interrupt();
            }
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }
}
