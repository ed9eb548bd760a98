package dispatcher.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.io.AbstractIoWriteFuture;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(60)
@Isolated("the channels of the process share what may be under way")
class BoundedWriterTest {
    private static final int PACKET_BYTES = 32 * 1024;

    private final List<Peer> peers = new ArrayList<>();

    /// A channel whose packets leave when a test says so, and a thread that writes to it.
    private static final class Peer {
        final Queue<Packet> underWay = new ConcurrentLinkedQueue<>();
        final BoundedWriter writer = new BoundedWriter(
                (Channel) Proxy.newProxyInstance(
                        Channel.class.getClassLoader(), new Class<?>[] {Channel.class}, (_, method, _) -> {
                            assertThat(method.getName()).isEqualTo("writePacket");
                            Packet packet = new Packet();
                            underWay.add(packet);
                            return packet;
                        }),
                new WriteWatch(LinkWatch.NONE));
        volatile @Nullable IOException failure;
        final Thread thread = new Thread(this::write);

        static final class Packet extends AbstractIoWriteFuture {
            Packet() {
                super("packet", null);
            }

            void leaves() {
                setValue(true);
            }
        }

        void writePacket() throws IOException {
            writer.writeData(new ByteArrayBuffer(new byte[PACKET_BYTES]));
        }

        private void write() {
            try {
                while (true) writePacket();
            } catch (IOException e) {
                failure = e;
            }
        }

        void awaitWaiting() throws InterruptedException {
            while (thread.getState() != Thread.State.WAITING) {
                assertThat(thread.isAlive()).isTrue();
                TimeUnit.MILLISECONDS.sleep(1);
            }
        }
    }

    private Peer peer() throws IOException {
        Peer peer = new Peer();
        peers.add(peer);
        peer.writePacket();
        return peer;
    }

    @AfterEach
    void close() throws InterruptedException {
        for (Peer peer : peers) {
            peer.writer.close();
            if (peer.thread.getState() != Thread.State.NEW)
                assertThat(peer.thread.join(Duration.ofSeconds(10))).isTrue();
        }
    }

    @Test
    void oneChannelHasHalfAMegabyteUnderWay() throws Exception {
        Peer peer = peer();
        peer.thread.start();
        peer.awaitWaiting();
        assertThat(peer.underWay).hasSize(16);

        peer.underWay.remove().leaves();
        while (peer.underWay.size() < 16) TimeUnit.MILLISECONDS.sleep(1);
        peer.awaitWaiting();
        assertThat(peer.underWay).hasSize(16);
    }

    @Test
    void manyChannelsShareFourMegabytes() throws Exception {
        assertThatManyShareFourMegabytes();
    }

    private void assertThatManyShareFourMegabytes() throws Exception {
        for (int i = 0; i < 27; i++) peer();
        for (Peer peer : peers.reversed().subList(0, 27)) {
            peer.thread.start();
            peer.awaitWaiting();
            assertThat(peer.underWay).hasSize(4);
        }
    }

    @Test
    void eachChannelMayHaveAPacketUnderWay() throws Exception {
        for (int i = 0; i < 500; i++) peer();
        for (Peer peer : peers) assertThat(peer.underWay).hasSize(1);
    }

    @Test
    void whatOthersLeaveIsShared() throws Exception {
        Peer last = peer();
        for (int i = 0; i < 39; i++) peer();
        for (Peer peer : peers.subList(1, 16)) peer.underWay.remove().leaves();
        for (Peer peer : peers.subList(16, 40)) peer.writer.close();

        last.thread.start();
        last.awaitWaiting();
        assertThat(last.underWay).hasSize(16);
    }

    @Test
    void closingFailsWhoWaits() throws Exception {
        Peer peer = peer();
        peer.thread.start();
        peer.awaitWaiting();
        peer.writer.close();
        assertThat(peer.thread.join(Duration.ofSeconds(10))).isTrue();
        assertThat(peer.failure).hasMessage("the channel is closed");
        assertThatThrownBy(peer::writePacket).isInstanceOf(IOException.class);
    }

    @Test
    void packetsThatLeaveAfterClosingGiveNoChannelMore() throws Exception {
        for (int i = 0; i < 20; i++) {
            Peer gone = peer();
            gone.writer.close();
            gone.writer.close();
            gone.underWay.remove().leaves();
        }
        assertThatManyShareFourMegabytes();
    }
}
