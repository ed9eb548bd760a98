package dispatcher.ssh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// A link to a server on this host that takes a set number of bytes per second and counts them.
final class SlowProxy implements AutoCloseable {
    private static final int PIECE = 8 * 1024;

    private final ServerSocket listening = new ServerSocket();
    private final InetSocketAddress target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicLong up = new AtomicLong();
    private final AtomicLong down = new AtomicLong();

    /// Bytes per second towards the server.
    private volatile long rate;

    SlowProxy(String host, int port, long rate) throws IOException {
        this.rate = rate;
        target = new InetSocketAddress(host, port);
        listening.setReceiveBufferSize(64 * 1024);
        listening.bind(new InetSocketAddress(host, 0));
        Thread.ofVirtual().name("proxy").start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    void setRate(long bytesPerSecond) {
        rate = bytesPerSecond;
    }

    /// Bytes that went to the server.
    long up() {
        return up.get();
    }

    /// Bytes that came from the server.
    long down() {
        return down.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                Socket server = new Socket();
                sockets.add(client);
                sockets.add(server);
                server.connect(target);
                Thread.ofVirtual().name("proxy up").start(() -> copy(client, server, up, true));
                Thread.ofVirtual().name("proxy down").start(() -> copy(server, client, down, false));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void copy(Socket from, Socket to, AtomicLong count, boolean slow) {
        try (from;
                to) {
            byte[] piece = new byte[PIECE];
            long free = System.nanoTime();
            for (int n = from.getInputStream().read(piece);
                    n >= 0;
                    n = from.getInputStream().read(piece)) {
                count.addAndGet(n);
                to.getOutputStream().write(piece, 0, n);
                if (!slow) continue;
                free = Math.max(free, System.nanoTime() - 1_000_000) + n * 1_000_000_000L / rate;
                for (long wait = free - System.nanoTime(); wait > 0; wait = free - System.nanoTime())
                    LockSupport.parkNanos(wait);
            }
        } catch (IOException e) {
            // The other end has gone.
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : sockets) socket.close();
    }
}
