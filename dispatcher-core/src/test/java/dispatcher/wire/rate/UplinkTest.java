package dispatcher.wire.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.testkit.Await;
import dispatcher.testkit.ManualClock;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UplinkTest {
    private final ManualClock clock = new ManualClock();

    /// A machine that takes what it is sent.
    private static final class Sink implements Transport {
        private final AtomicLong bytes = new AtomicLong();
        private final AtomicBoolean channelClosed = new AtomicBoolean();
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

        @Override
        public CommandChannel open(String command) {
            return new CommandChannel() {
                @Override
                public InputStream in() {
                    return InputStream.nullInputStream();
                }

                @Override
                public OutputStream out() {
                    return new OutputStream() {
                        @Override
                        public void write(int b) {
                            kept.write(b);
                            bytes.incrementAndGet();
                        }

                        @Override
                        public void write(byte[] from, int offset, int length) {
                            if (kept.size() < 1 << 20) kept.write(from, offset, length);
                            bytes.addAndGet(length);
                        }
                    };
                }

                @Override
                public InputStream err() {
                    return InputStream.nullInputStream();
                }

                @Override
                public void awaitErrors() {}

                @Override
                public OptionalInt exitStatus(Duration limit) {
                    return OptionalInt.of(7);
                }

                @Override
                public void close() {
                    channelClosed.set(true);
                }
            };
        }

        @Override
        public void close() {}
    }

    private static CommandChannel open(Uplink uplink, Sink sink) throws IOException, InterruptedException {
        return uplink.limit(sink).open("nix-daemon --stdio");
    }

    @Test
    void wayThatIsLimitedTellsSo() {
        var machine = new Sink();
        assertThat(machine.isRationed()).isFalse();
        assertThat(new Uplink(1000, clock.nanoTime()).limit(machine).isRationed())
                .isTrue();
    }

    @Test
    void bytesArriveUnchanged() throws Exception {
        var sink = new Sink();
        var channel = open(new Uplink(100L << 20, System::nanoTime), sink);
        var sent = new byte[300_001];
        new Random(7).nextBytes(sent);
        channel.out().write(sent[0]);
        channel.out().write(sent, 1, 300_000);
        channel.out().flush();
        channel.close();

        assertThat(sink.kept.toByteArray()).isEqualTo(sent);
        assertThat(channel.exitStatus(Duration.ZERO)).hasValue(7);
        assertThat(sink.channelClosed).isTrue();
    }

    @Test
    void nobodyWaitsWhileThereIsEnough() throws Exception {
        var sink = new Sink();
        open(new Uplink(8 << 20, clock.nanoTime()), sink).out().write(new byte[1 << 20]);

        assertThat(sink.bytes).hasValue(1 << 20);
    }

    /// The clock stands still, so nothing more is granted.
    @Test
    void beyondTheBurstWritersWait() throws Exception {
        var uplink = new Uplink(8 << 20, clock.nanoTime());
        var sink = new Sink();
        var channel = open(uplink, sink);
        var writer = write(channel, 2 << 20);
        Await.until("it waits", () -> uplink.waiting() == 1);
        assertThat(sink.bytes).hasValue(1 << 20);

        clock.advance(Duration.ofSeconds(1));
        Await.result(writer);
        assertThat(sink.bytes).hasValue(2 << 20);
        assertThat(uplink.waiting()).isZero();
    }

    @Test
    void closingAChannelEndsItsWaitAndNoOthers() throws Exception {
        var uplink = new Uplink(1, clock.nanoTime());
        var channel = open(uplink, new Sink());
        var other = open(uplink, new Sink());
        var first = write(channel, 10_000);
        Await.until("one waits", () -> uplink.waiting() == 1);
        var second = write(other, 10_000);
        Await.until("both wait", () -> uplink.waiting() == 2);
        channel.close();

        assertThatThrownBy(first::join).cause().isInstanceOf(IOException.class).hasMessage("the channel is closed");
        assertThatThrownBy(() -> channel.out().write(1)).isInstanceOf(IOException.class);
        assertThat(second).isNotDone();
        other.close();
        assertThatThrownBy(second::join).cause().isInstanceOf(IOException.class);
    }

    @Test
    void interruptionEndsAWaitAndIsNotLost() throws Exception {
        var uplink = new Uplink(1, clock.nanoTime());
        var channel = open(uplink, new Sink());
        var thread = new CompletableFuture<Thread>();
        var writer = Await.start(() -> {
            thread.complete(Thread.currentThread());
            try {
                channel.out().write(new byte[10_000]);
                return "written";
            } catch (InterruptedIOException e) {
                return Thread.currentThread().isInterrupted() ? "interrupted" : "forgotten";
            }
        });
        Await.until("it waits", () -> uplink.waiting() == 1);
        Await.result(thread).interrupt();

        assertThat(Await.result(writer)).isEqualTo("interrupted");
        assertThat(uplink.waiting()).isZero();
    }

    /// In real time, with threads: eight uploads to one machine against one to another.
    @Test
    void machinesShareHoweverManyChannelsTheyHave() throws Exception {
        long rate = 16 << 20;
        var uplink = new Uplink(rate, System::nanoTime);
        var many = new Sink();
        var one = new Sink();
        var manyWay = uplink.limit(many);
        List<CommandChannel> channels = new ArrayList<>();
        for (int i = 0; i < 8; i++) channels.add(manyWay.open("x"));
        channels.add(uplink.limit(one).open("x"));
        long start = System.nanoTime();
        var writers = channels.stream().map(channel -> write(channel, 1L << 40)).toList();
        Await.until("much is sent", () -> many.bytes.get() + one.bytes.get() > rate);
        long sentByMany = many.bytes.get();
        long sentByOne = one.bytes.get();
        double elapsed = (System.nanoTime() - start) / 1e9;
        channels.forEach(CommandChannel::close);
        for (var writer : writers) assertThatThrownBy(writer::join).hasCauseInstanceOf(IOException.class);

        assertThat((double) sentByMany).as("many against one").isBetween(0.5 * sentByOne, 2.0 * sentByOne);
        assertThat((double) sentByMany + sentByOne).isLessThanOrEqualTo(rate * elapsed + rate / 8.0);
        assertThat(uplink.waiting()).isZero();
    }

    private static CompletableFuture<Boolean> write(CommandChannel channel, long bytes) {
        return Await.start(() -> {
            var piece = new byte[32 * 1024];
            for (long left = bytes; left > 0; left -= piece.length)
                channel.out().write(piece, 0, (int) Math.min(piece.length, left));
            return true;
        });
    }
}
