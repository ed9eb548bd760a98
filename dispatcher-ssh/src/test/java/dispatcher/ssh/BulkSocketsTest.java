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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BulkSocketsTest {
    private static final int PACKET_BYTES = 32 * 1024;

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final Map<IoSession, BlockingQueue<Byte>> received = new ConcurrentHashMap<>();
    private final CompletableFuture<Thread> paused = new CompletableFuture<>();
    private final CountDownLatch resume = new CountDownLatch(1);
    private final SshClient manager = SshClient.setUpDefaultClient();
    private ServerSocket server;
    private IoServiceFactory sockets;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        sockets = new BulkSockets(() -> 0, this::pause).create(manager);
    }

    @AfterEach
    void close() throws IOException {
        resume.countDown();
        sockets.close(true);
        server.close();
    }

    private void pause() {
        paused.complete(Thread.currentThread());
        try {
            resume.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private BlockingQueue<Byte> received(IoSession session) {
        return received.computeIfAbsent(session, _ -> new LinkedBlockingQueue<>());
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
                    public void messageReceived(IoSession session, Readable message) {
                        byte[] bytes = new byte[message.available()];
                        message.getRawBytes(bytes, 0, bytes.length);
                        for (byte b : bytes) received(session).add(b);
                    }
                })
                .connect(server.getLocalSocketAddress(), null, null);
        assertThat(future.await(10_000)).isTrue();
        return future.getSession();
    }

    private static IoWriteFuture write(IoSession session, int first) throws IOException {
        return write(session, ByteBuffer.allocate(PACKET_BYTES).putInt(first).array());
    }

    private static IoWriteFuture write(IoSession session, byte[] packet) throws IOException {
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

    @Test
    void readsAtOnceWhereLittleIsSent() throws Exception {
        IoSession session = connect();
        try (Socket peer = server.accept()) {
            for (byte i = 0; i < 63; i++) {
                write(session, new byte[1024]);
                peer.getOutputStream().write(i);
                assertThat(received(session).poll(10, SECONDS)).isEqualTo(i);
            }
        }
        assertThat(paused).isNotDone();
    }

    private static void sendMuch(IoSession session, Socket peer, byte answer) throws Exception {
        for (int i = 0; i < 2; i++)
            assertThat(write(session, i).verify(10_000).isWritten()).isTrue();
        peer.getInputStream().skipNBytes(2 * PACKET_BYTES);
        peer.getOutputStream().write(answer);
    }

    @Test
    void readsAtOnceWhereMuchIsSentOnOneConnection() throws Exception {
        IoSession session = connect();
        try (Socket peer = server.accept()) {
            for (byte i = 0; i < 20; i++) {
                sendMuch(session, peer, i);
                assertThat(received(session).poll(10, SECONDS)).isEqualTo(i);
            }
        }
        assertThat(paused).isNotDone();
    }

    /// Has another connection send much, and then this one until a read is put off. Returns what its peer has
    /// answered.
    private List<Byte> sendUntilPaused(IoSession session, Socket peer) throws Exception {
        IoSession other = connect();
        List<Byte> answers = new ArrayList<>();
        try (Socket otherPeer = server.accept()) {
            sendMuch(other, otherPeer, (byte) 1);
            assertThat(received(other).poll(10, SECONDS)).isEqualTo((byte) 1);
            // The second answer is read when what was sent before the first has been noted.
            otherPeer.getOutputStream().write(2);
            assertThat(received(other).poll(10, SECONDS)).isEqualTo((byte) 2);

            while (!paused.isDone()) {
                answers.add((byte) answers.size());
                sendMuch(session, peer, answers.getLast());
                assertThat(answers).hasSizeLessThan(100_000);
            }
        }
        return answers;
    }

    @Test
    void readsAfterAPauseWhereMuchIsSentOnSeveralConnections() throws Exception {
        IoSession session = connect();
        try (Socket peer = server.accept()) {
            List<Byte> answers = sendUntilPaused(session, peer);
            List<Byte> before = List.copyOf(received(session));
            for (byte last = 0; last < 10; last++) {
                peer.getOutputStream().write(last);
                answers.add(last);
            }
            assertThat(write(session, new byte[1]).verify(10_000).isWritten()).isTrue();
            assertThat(received(session)).containsExactlyElementsOf(before);

            resume.countDown();
            for (byte answer : answers)
                assertThat(received(session).poll(10, SECONDS)).isEqualTo(answer);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsClosedInAPauseIsNotReadFrom(boolean all) throws Exception {
        CompletableFuture<Throwable> uncaught = new CompletableFuture<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((_, e) -> uncaught.complete(e));
        IoSession session = connect();
        try (Socket peer = server.accept()) {
            sendUntilPaused(session, peer);
            assertThat((all ? sockets : session).close(true).await(10_000)).isTrue();

            resume.countDown();
            assertThat(paused.join().join(Duration.ofSeconds(10))).isTrue();
            assertThat(uncaught).isNotDone();
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // read, written, nanoseconds
        "36, 98304, 300000, true",
        "1024, 65536, 1000000, true",
        "1025, 65536, 1000000, false", // something else comes than room in windows
        "36, 65535, 0, false",
        "36, 98304, 3145728, true",
        "36, 98304, 3145729, false",
        "36, 0, 0, false",
        "36, 1, 9223372036854775807, false",
    })
    void sendsMuchWhereMuchIsSentFastAndLittleComesBack(int read, long written, long nanos, boolean much) {
        assertThat(BulkSockets.sendsMuch(read, written, nanos)).isEqualTo(much);
    }
}
