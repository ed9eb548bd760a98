package dispatcher.store.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.PathInfo;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import dispatcher.wire.FalseAnswerException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class HeldBackEndTest {
    private static PathInfo info(long narSize) {
        return PathInfo.of(FakeStore.path("x"), NarTree.file("x").narHash(), narSize, List.of());
    }

    @Test
    void lastBytesComeWithTheFinishHoweverTheRestWasCut() {
        Seeds.run(200, HeldBackEndTest::check);
    }

    private static void check(RandomGenerator random) {
        var bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        var got = new ByteArrayOutputStream();
        var out = new HeldBackEnd(got, info(0));
        try {
            for (int sent = 0; sent < bytes.length; ) {
                int length = Math.min(bytes.length - sent, random.nextInt(30));
                out.write(bytes, sent, length);
                sent += length;
                assertThat(got.toByteArray()).isEqualTo(Arrays.copyOf(bytes, Math.max(0, sent - 8)));
            }
            out.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(got.toByteArray()).isEqualTo(bytes);
    }

    @Test
    void moreThanThereShouldBeIsNotPassedOn() throws IOException {
        var got = new ByteArrayOutputStream();
        var out = new HeldBackEnd(got, info(10));
        out.write(new byte[10]);

        assertThatThrownBy(() -> out.write(1))
                .isInstanceOf(FalseAnswerException.class)
                .hasMessageContaining("the NAR of %s has more than the 10 bytes", FakeStore.path("x"));
        assertThat(got.size()).isEqualTo(2);
        assertThat(out.hasFailed()).isFalse();
    }

    @Test
    void narThatBeginsAgainGoesOnWhereItBrokeOff() throws IOException {
        var bytes = new byte[100];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) i;
        var got = new ByteArrayOutputStream();
        var out = new HeldBackEnd(got, info(100));
        for (int part : new int[] {0, 5, 40, 90}) {
            out.write(bytes, 0, part);
            out.startAgain();
        }
        for (byte b : bytes) out.write(b);
        out.finish();

        assertThat(got.toByteArray()).isEqualTo(bytes);
    }

    @Test
    void narThatBeginsAgainMustBeTheSame() throws IOException {
        var bytes = new byte[100];
        var got = new ByteArrayOutputStream();
        var out = new HeldBackEnd(got, info(100));
        out.write(bytes, 0, 60);
        out.startAgain();
        bytes[51] = 1;

        assertThatThrownBy(() -> out.write(bytes, 0, 100)).hasMessageContaining("the client has 52 bytes already");
        assertThat(got.size()).isEqualTo(52);
    }

    @Test
    void tellsThatTheReceiverFailed() {
        var out = new HeldBackEnd(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("gone");
                    }
                },
                info(0));
        assertThat(out.hasFailed()).isFalse();

        assertThatThrownBy(() -> out.write(new byte[9])).hasMessage("gone");
        assertThat(out.hasFailed()).isTrue();
    }
}
