package dispatcher.ssh;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.InterruptedByTimeoutException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.apache.sshd.common.FactoryManager;
import org.apache.sshd.common.PropertyResolver;
import org.apache.sshd.common.io.IoHandler;
import org.apache.sshd.common.io.IoServiceFactory;
import org.apache.sshd.common.io.nio2.Nio2CompletionHandler;
import org.apache.sshd.common.io.nio2.Nio2Service;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactory;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.io.nio2.Nio2Session;
import org.apache.sshd.common.util.threads.CloseableExecutorService;
import org.apache.sshd.core.CoreModuleProperties;

/// The library's sockets, on which a packet that the kernel takes at once costs no change of threads: whoever writes
/// it goes on. As the library does it, each packet ends on a thread of the sockets' pool, which wakes the writer.
///
/// Nobody waits for the peer here: what the kernel does not take is waited for by a virtual thread of its own.
final class DirectWrites extends Nio2ServiceFactoryFactory {
    /// A packet's end begins the next one that waits, on the same stack.
    private static final int MOST_IN_A_ROW = 16;

    @Override
    public IoServiceFactory create(FactoryManager manager) {
        return new Factory(manager, newExecutor(), newExecutor());
    }

    private static final class Factory extends Nio2ServiceFactory {
        Factory(FactoryManager manager, CloseableExecutorService executor, CloseableExecutorService resuming) {
            super(manager, executor, resuming);
        }

        @Override
        public Nio2Session createSession(
                Nio2Service service, IoHandler handler, AsynchronousSocketChannel socket, SocketAddress address)
                throws IOException {
            return new Socket(service, getFactoryManager(), handler, socket, address);
        }
    }

    private static final class Socket extends Nio2Session {
        /// How long a write may be without progress, as the library has it.
        private final Duration limit;

        /// For who writes; the library lets one write at a time.
        private int inARow;

        Socket(
                Nio2Service service,
                PropertyResolver properties,
                IoHandler handler,
                AsynchronousSocketChannel socket,
                SocketAddress address)
                throws IOException {
            super(service, properties, handler, socket, address);
            limit = CoreModuleProperties.NIO2_MIN_WRITE_TIMEOUT.getRequired(properties);
        }

        @Override
        protected void doWriteCycle(ByteBuffer buffer, Nio2CompletionHandler<Integer, Object> completion) {
            Future<Integer> write = getSocket().write(buffer);
            if (write.isDone() && ++inARow < MOST_IN_A_ROW) {
                await(write, completion);
                return;
            }
            inARow = 0;
            Thread.ofVirtual().name("ssh-write").start(() -> await(write, completion));
        }

        private void await(Future<Integer> write, Nio2CompletionHandler<Integer, Object> completion) {
            Integer written;
            try {
                written = write.get(limit.toNanos(), NANOSECONDS);
            } catch (ExecutionException e) {
                completion.failed(e.getCause(), null);
                return;
            } catch (TimeoutException | InterruptedException e) {
                completion.failed(new InterruptedByTimeoutException(), null);
                return;
            }
            completion.completed(written, null);
        }
    }
}
