package dispatcher.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.testkit.Seeds;
import dispatcher.testkit.Trickle;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FramedStreamsTest {
    private static byte[] frames(byte[] content, int piece) throws IOException {
        var wire = new ByteArrayOutputStream();
        try (var out = new FramedOutput(new WireWriter(wire))) {
            for (int i = 0; i < content.length; i += piece) out.write(content, i, Math.min(piece, content.length - i));
        }
        return wire.toByteArray();
    }

    private static FramedInput input(String hex) {
        var bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        return new FramedInput(new WireReader(new ByteArrayInputStream(bytes)));
    }

    @Test
    void framesCarryNoPadding() throws IOException {
        assertThat(HexFormat.of().formatHex(frames(new byte[] {1, 2, 3}, 3)))
                .isEqualTo("0300000000000000" + "010203" + "0000000000000000");
        assertThat(HexFormat.of().formatHex(frames(new byte[0], 1))).isEqualTo("0000000000000000");
    }

    @Test
    void contentSurvivesAnyCuts() {
        Seeds.run(50, random -> {
            var content = new byte[random.nextInt(300_000)];
            random.nextBytes(content);
            try {
                var wire = new ByteArrayOutputStream();
                wire.writeBytes(frames(content, random.nextInt(1, 100_000)));
                new WireWriter(wire).writeLong(42).flush();
                var reader = new WireReader(new Trickle(new ByteArrayInputStream(wire.toByteArray()), random, 70_000));

                assertThat(new FramedInput(reader).readAllBytes()).isEqualTo(content);
                assertThat(reader.readLong()).isEqualTo(42);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void framesOfNixAreReadByteByByte() throws IOException {
        var in = input("0100000000000000 61 0200000000000000 6263 0000000000000000");

        assertThat(in.read()).isEqualTo('a');
        assertThat(in.read()).isEqualTo('b');
        assertThat(in.read()).isEqualTo('c');
        assertThat(in.read()).isEqualTo(-1);
        assertThat(in.read()).isEqualTo(-1);
    }

    @Test
    void drainLeavesTheReaderAfterTheEnd() throws IOException {
        var reader = new WireReader(new ByteArrayInputStream(frames(new byte[100_000], 1000)));
        var in = new FramedInput(reader);
        assertThat(in.readNBytes(10)).hasSize(10);

        assertThat(in.drain()).isEqualTo(99_990);
        assertThat(in.drain()).isZero();
        assertThat(reader.readLongOrEnd()).isEmpty();
    }

    @Test
    void everyPrefixEndsInEof() throws IOException {
        var wire = frames(new byte[20], 7);
        for (int length = 0; length < wire.length; length++) {
            var in = new FramedInput(new WireReader(new ByteArrayInputStream(wire, 0, length)));
            assertThatThrownBy(in::readAllBytes).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void lengthsBeyond32BitsAreRefusedForGood() {
        for (var length : new String[] {"0000000001000000", "ffffffffffffffff", "0000000000000080"}) {
            var in = input(length + "00".repeat(100));

            assertThatThrownBy(in::read)
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("longer than a frame can be");
            assertThatThrownBy(in::drain).isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void hugeFrameIsNotAllocated() {
        var in = input("ffffffff00000000" + "00".repeat(100));

        assertThatThrownBy(in::drain).isInstanceOf(EOFException.class);
    }

    @Test
    void nothingIsWrittenAfterTheEnd() throws IOException {
        var out = new FramedOutput(new WireWriter(new ByteArrayOutputStream()));
        out.close();

        assertThatThrownBy(() -> out.write(1)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> out.write(new byte[1])).isInstanceOf(IOException.class);
        out.close();
    }
}
