package dispatcher.ssh.tunnel;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.sshd.common.future.CloseFuture;
import org.apache.sshd.common.future.DefaultCloseFuture;
import org.apache.sshd.common.io.AbstractIoWriteFuture;
import org.apache.sshd.common.io.IoHandler;
import org.apache.sshd.common.io.IoService;
import org.apache.sshd.common.io.IoSession;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.common.util.closeable.AbstractCloseable;
import org.apache.sshd.common.util.threads.ThreadUtils;
import org.jspecify.annotations.Nullable;

/// What the SSH library takes for a socket, over a [Tunnel]. Two virtual threads move its bytes: one reads and hands
/// over, one writes what is queued. What is queued is bounded by the channels of the connection inside, which wait for
/// what they have written.
public final class TunnelSocket extends AbstractCloseable implements IoSession {
    private static final AtomicLong IDS = new AtomicLong(1L << 40);
    private static final int READ_BYTES = 64 * 1024;

    private final long id = IDS.incrementAndGet();
    private final Tunnel tunnel;
    private final InetSocketAddress remote;
    private final IoHandler handler;
    private final IoService service;
    private final Map<Object, Object> attributes = new ConcurrentHashMap<>();
    private final LinkedBlockingQueue<Write> writes = new LinkedBlockingQueue<>();
    private final AtomicBoolean ended = new AtomicBoolean();

    /// @param buffer null for the end of all writing
    private record Write(@Nullable Buffer buffer, Written future) {}

    private static final class Written extends AbstractIoWriteFuture {
        Written(Object id) {
            super(id, null);
        }
    }

    /// @param remote  what the tunnel leads to, never looked up
    /// @param handler of the connection inside
    /// @param service that it says it belongs to
    public TunnelSocket(Tunnel tunnel, InetSocketAddress remote, IoHandler handler, IoService service) {
        this.tunnel = tunnel;
        this.remote = remote;
        this.handler = handler;
        this.service = service;
    }

    /// Makes the connection inside begin.
    public void start() throws Exception {
        Thread.ofVirtual().name("ssh-tunnel out " + remote).start(this::writeAll);
        boolean begun = false;
        try {
            handler.sessionCreated(this);
            begun = true;
        } finally {
            if (!begun) close(true);
        }
        Thread.ofVirtual().name("ssh-tunnel in " + remote).start(this::readAll);
    }

    /// As one of the library's own threads, which it never makes wait for a key exchange.
    private void readAll() {
        try {
            Object _ = ThreadUtils.runAsInternal(() -> {
                InputStream in = tunnel.in();
                byte[] bytes = new byte[READ_BYTES];
                int count;
                while ((count = in.read(bytes)) >= 0) {
                    handler.messageReceived(this, new ByteArrayBuffer(bytes, 0, count));
                }
                return null;
            });
        } catch (Exception | Error e) {
            fault(e);
        }
        close(true);
    }

    private void writeAll() {
        try {
            while (true) {
                Write next = writes.take();
                Buffer buffer = next.buffer;
                if (buffer == null) {
                    next.future.setValue(true);
                    break;
                }
                try {
                    OutputStream out = tunnel.out();
                    out.write(buffer.array(), buffer.rpos(), buffer.available());
                    if (writes.isEmpty()) out.flush();
                    next.future.setValue(true);
                } catch (IOException | RuntimeException e) {
                    next.future.setValue(e);
                    fault(e);
                    break;
                }
            }
        } catch (InterruptedException e) {
            log.atDebug().log("a tunnel's thread was interrupted");
        }
        close(true);
    }

    private void fault(Throwable cause) {
        if (isClosing()) return;
        try {
            handler.exceptionCaught(this, cause);
        } catch (Exception | Error e) {
            log.atDebug().setCause(e).log("while reporting the fault of a tunnel");
        }
    }

    @Override
    public IoWriteFuture writeBuffer(Buffer buffer) {
        Written future = new Written(remote);
        if (isClosing()) {
            future.setValue(new ClosedChannelException());
            return future;
        }
        writes.add(new Write(buffer, future));
        if (ended.get()) dropWrites();
        return future;
    }

    /// What is queued is sent before.
    @Override
    protected CloseFuture doCloseGracefully() {
        Written last = new Written(remote);
        CloseFuture sent = new DefaultCloseFuture(this, null);
        last.addListener(_ -> sent.setClosed());
        writes.add(new Write(null, last));
        if (ended.get()) dropWrites();
        return sent;
    }

    @Override
    protected void doCloseImmediately() {
        tunnel.close();
        ended.set(true);
        dropWrites();
        writes.add(new Write(null, new Written(remote)));
        super.doCloseImmediately();
        try {
            handler.sessionClosed(this);
        } catch (Exception | Error e) {
            log.atDebug().setCause(e).log("while closing a tunnel");
        }
        attributes.clear();
    }

    private void dropWrites() {
        for (Write write = writes.poll(); write != null; write = writes.poll())
            write.future.setValue(new ClosedChannelException());
    }

    @Override
    public long getId() {
        return id;
    }

    @Override
    public SocketAddress getRemoteAddress() {
        return remote;
    }

    @Override
    public SocketAddress getLocalAddress() {
        return InetSocketAddress.createUnresolved("tunnel", 0);
    }

    @Override
    public @Nullable SocketAddress getAcceptanceAddress() {
        return null;
    }

    @Override
    public @Nullable Object getAttribute(Object key) {
        return attributes.get(key);
    }

    @Override
    public @Nullable Object setAttribute(Object key, Object value) {
        return attributes.put(key, value);
    }

    @Override
    public @Nullable Object setAttributeIfAbsent(Object key, Object value) {
        return attributes.putIfAbsent(key, value);
    }

    @Override
    public @Nullable Object removeAttribute(Object key) {
        return attributes.remove(key);
    }

    @Override
    public IoService getService() {
        return service;
    }

    @Override
    public void shutdownOutputStream() {
        // The connection inside never asks for it.
    }

    @Override
    public void suspendRead() {
        // Likewise: what the connection inside holds is bounded by the windows of its channels.
    }

    @Override
    public void resumeRead() {
        // See above.
    }
}
