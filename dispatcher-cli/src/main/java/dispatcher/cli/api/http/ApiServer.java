package dispatcher.cli.api.http;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.socket.UnixSocketChannel;
import dispatcher.wire.socket.UnixSocketListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running dispatcher's HTTP API, on its control socket.
///
/// A connection brings one request and is closed after its answer. One virtual thread for each; [#MOST_AT_ONCE] are
/// answered at once, and further ones wait. One whose client stays silent or does not read is closed.
public final class ApiServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ApiServer.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MOST_AT_ONCE = 64;

    private final Path path;
    private final UnixSocketListener listener;
    private final List<Endpoint> endpoints;
    private final Duration patience;
    private final ReentrantLock lock = new ReentrantLock();

    /// Made for the first request, as it takes time and memory that a dispatcher without requests does not need.
    @GuardedBy("lock")
    private @Nullable HttpService service;

    private final Semaphore slots = new Semaphore(MOST_AT_ONCE);
    private final Set<Thread> connections = ConcurrentHashMap.newKeySet();

    private ApiServer(Path path, UnixSocketListener listener, List<Endpoint> endpoints, Duration patience) {
        this.path = path;
        this.listener = listener;
        this.endpoints = List.copyOf(endpoints);
        this.patience = patience;
    }

    /// Listens at `path`, for its owner only. What a dead dispatcher left there is replaced.
    ///
    /// @throws IOException if the socket cannot be made, or a living dispatcher listens there
    public static ApiServer open(Path path, List<Endpoint> endpoints) throws IOException {
        return open(path, endpoints, PATIENCE);
    }

    /// @param patience for the request to come, and again for the answer to be taken
    static ApiServer open(Path path, List<Endpoint> endpoints, Duration patience) throws IOException {
        var listener = UnixSocketListener.open(path, "rw-------");
        var server = new ApiServer(path, listener, endpoints, patience);
        listener.serve("control request", server::converse);
        return server;
    }

    private void converse(UnixSocketChannel channel) {
        connections.add(Thread.currentThread());
        try (channel) {
            slots.acquire();
            try {
                converse(channel, service(), patience);
            } finally {
                slots.release();
            }
            // A client that still sends would lose the answer if the connection ended before it has read that.
            channel.endOutput();
            new PatientChannel(channel, patience, Long.MAX_VALUE).forgetAll();
        } catch (InterruptedException e) {
            // Closed.
        } catch (IOException e) {
            // The client has gone already.
        } finally {
            connections.remove(Thread.currentThread());
        }
    }

    private HttpService service() {
        lock.lock();
        try {
            var made = service == null ? new HttpService(endpoints) : service;
            service = made;
            return made;
        } finally {
            lock.unlock();
        }
    }

    /// Answers what comes there, of any kind.
    static void converse(CommandChannel channel, HttpService service, Duration patience) throws InterruptedException {
        try {
            new HttpConnection(channel, service, patience).answer();
        } catch (RuntimeException e) {
            // The client has gone, or has been sent away.
            log.atDebug().log("control request: {}", e.toString());
        }
    }

    /// Takes no more requests and ends those that are being answered.
    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            log.atWarn().log("cannot remove {}: {}", path, e.toString());
        }
        for (var connection : connections) connection.interrupt();
    }
}
