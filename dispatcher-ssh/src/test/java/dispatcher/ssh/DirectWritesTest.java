package dispatcher.ssh;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.InterruptedByTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.common.io.IoConnectFuture;
import org.apache.sshd.common.io.IoHandler;
import org.apache.sshd.common.io.IoServiceFactory;
import org.apache.sshd.common.io.IoSession;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.util.Readable;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.apache.sshd.core.CoreModuleProperties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DirectWritesTest {
    private static final int PACKET_BYTES = 32 * 1024;

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final SshClient manager = SshClient.setUpDefaultClient();
    private ServerSocket server;
    private IoServiceFactory sockets;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        sockets = new DirectWrites().create(manager);
    }

    @AfterEach
    void close() throws IOException {
        sockets.close(true);
        server.close();
    }

    private IoSession connect() throws IOException {
        IoConnectFuture future = sockets.createConnector(new IoHandler() {
                    @Override
                    public void sessionCreated(IoSession session) {}

                    @Override
                    public void sessionClosed(IoSession session) {}

                    @Override
                    public void exceptionCaught(IoSession session, Throwable cause) {
                        failure.complete(cause);
                    }

                    @Override
                    public void messageReceived(IoSession session, Readable message) {}
                })
                .connect(server.getLocalSocketAddress(), null, null);
        assertThat(future.await(10_000)).isTrue();
        return future.getSession();
    }

    private static IoWriteFuture write(IoSession session, int first) throws IOException {
        byte[] packet = ByteBuffer.allocate(PACKET_BYTES).putInt(first).array();
        return session.writeBuffer(new ByteArrayBuffer(packet));
    }

    @Test
    void packetsArriveInTheirOrderHoweverManyWait() throws Exception {
        int packets = 2000;
        IoSession session = connect();
        try (Socket peer = server.accept()) {
            ArrayDeque<IoWriteFuture> waiting = new ArrayDeque<>();
            for (int i = 0; i < packets; i++) waiting.add(write(session, i));
            // 64 MB are more than the kernel takes of a peer that does not read.
            assertThat(waiting.getLast().isDone()).isFalse();

            DataInputStream in = new DataInputStream(peer.getInputStream());
            for (int i = 0; i < packets; i++) {
                assertThat(in.readInt()).isEqualTo(i);
                in.skipNBytes(PACKET_BYTES - 4);
            }
            for (IoWriteFuture future : waiting)
                assertThat(future.verify(10_000).isWritten()).isTrue();
        }
    }

    @Test
    void whatTheKernelTakesIsWrittenOnReturn() throws Exception {
        IoSession session = connect();
        try (Socket _ = server.accept()) {
            assertThat(write(session, 1).isWritten()).isTrue();
        }
    }

    @Test
    void peerThatReadsNothingForTooLongFailsTheConnectionAndBlocksNoWriter() throws Exception {
        CoreModuleProperties.NIO2_MIN_WRITE_TIMEOUT.set(manager, Duration.ofMillis(300));
        IoSession session = connect();
        try (Socket _ = server.accept()) {
            for (int i = 0; i < 2000; i++) write(session, i);

            assertThat(failure.get(30, SECONDS)).isInstanceOf(InterruptedByTimeoutException.class);
            assertThat(session.close(true).await(10_000)).isTrue();
        }
    }
}
