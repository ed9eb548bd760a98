package dispatcher.cli.systemd;

import dispatcher.text.Printable;
import dispatcher.thread.SteadyThread;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the service manager that started this process how it is (the protocol of `sd_notify(3)`), if one wants to
/// know. A message that does not get through is in the log, and has no other consequence. Safe for any thread.
public final class ServiceManager implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ServiceManager.class);

    /// Looks `PINGS` times in the time after which the manager takes this process for dead.
    private static final int PINGS = 3;

    private final Messages messages;
    private final Optional<Duration> watchdog;
    private final Queue<Thread> watching = new ConcurrentLinkedQueue<>();

    /// Takes one message.
    @FunctionalInterface
    interface Messages {
        void send(String message) throws IOException;
    }

    /// Whether the program is alive.
    @FunctionalInterface
    public interface Check {
        /// Returns if it is. One that is stuck never returns.
        ///
        /// @throws Exception if something does not work, with the reason for people
        void run() throws Exception;
    }

    private ServiceManager(Messages messages, Optional<Duration> watchdog) {
        this.messages = messages;
        this.watchdog = watchdog;
    }

    /// The one that the environment names, or one that takes no interest.
    ///
    /// @param environment of the process
    /// @param pid         of the process
    public static ServiceManager of(Map<String, String> environment, long pid) {
        var socket = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (socket.isEmpty()) return new ServiceManager(_ -> {}, Optional.empty());
        try {
            return new ServiceManager(NotifySocket.at(socket)::send, watchdog(environment, pid));
        } catch (IllegalArgumentException e) {
            log.atWarn()
                    .addKeyValue("why", Printable.line(String.valueOf(e.getMessage())))
                    .log("the service manager cannot be notified: see NOTIFY_SOCKET");
            return new ServiceManager(_ -> {}, Optional.empty());
        }
    }

    /// The time after which it takes this process for dead.
    private static Optional<Duration> watchdog(Map<String, String> environment, long pid) {
        var micros = environment.getOrDefault("WATCHDOG_USEC", "");
        var ofProcess = environment.getOrDefault("WATCHDOG_PID", "");
        boolean isOurs = ofProcess.isEmpty() || ofProcess.equals(Long.toString(pid));
        if (micros.isEmpty() || !isOurs) return Optional.empty();
        try {
            long time = Long.parseLong(micros);
            if (time > 0) return Optional.of(Duration.ofNanos(Math.multiplyExact(time, 1000)));
        } catch (NumberFormatException | ArithmeticException e) {
            // The same as a time that is none.
        }
        throw new IllegalArgumentException("WATCHDOG_USEC is no number of microseconds: " + micros);
    }

    /// Clients can come in.
    ///
    /// @param status one line
    public void ready(String status) {
        tell("READY=1\nSTATUS=" + Printable.line(status));
    }

    /// It stops, and takes no more builds.
    ///
    /// @param status one line
    public void stopping(String status) {
        tell("STOPPING=1\nSTATUS=" + Printable.line(status));
    }

    /// What goes on.
    ///
    /// @param status one line
    public void status(String status) {
        tell("STATUS=" + Printable.line(status));
    }

    /// Lets the manager know again and again that the program is alive, as long as `check` says so; until this is
    /// closed or the process ends. Nothing happens if the manager has no watchdog.
    public void watch(Check check) {
        watchdog.ifPresent(limit -> {
            var pause = limit.dividedBy(PINGS);
            var thread = SteadyThread.unstarted("watchdog", () -> {
                Thread.sleep(pause);
                ping(check);
                return true;
            });
            watching.add(thread);
            thread.start();
        });
    }

    /// One look.
    void ping(Check check) throws InterruptedException {
        try {
            check.run();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            log.atWarn()
                    .addKeyValue("why", Printable.line(String.valueOf(e.getMessage())))
                    .log("this program does not answer itself; the service manager restarts it if that goes on");
            return;
        }
        tell("WATCHDOG=1");
    }

    @Override
    public void close() {
        watching.forEach(Thread::interrupt);
    }

    private void tell(String message) {
        try {
            messages.send(message);
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("why", Printable.line(String.valueOf(e.getMessage())))
                    .log("the service manager was not notified");
        }
    }
}
