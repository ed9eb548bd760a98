package dispatcher.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.nix.Hash;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import dispatcher.testkit.Trickle;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class NarCopyTest {
    private static final NarTree TREE = NarTree.directory()
            .with("bin", NarTree.directory().with("tool", NarTree.executable("#!/bin/sh\n")))
            .with("big", NarTree.file("0123456789".repeat(20_000)));

    private static WireReader reader(byte[] bytes) {
        return new WireReader(new ByteArrayInputStream(bytes));
    }

    @Test
    void onlyTheNarIsTakenOffTheWire() {
        Seeds.run(50, random -> {
            var nar = NarTree.random(random, 3).toNar();
            var wire = new ByteArrayOutputStream();
            wire.writeBytes(nar);
            wire.writeBytes(new byte[] {42, 0, 0, 0, 0, 0, 0, 0});
            var sink = new ByteArrayOutputStream();
            try {
                var reader = new WireReader(new Trickle(new ByteArrayInputStream(wire.toByteArray()), random, 100));
                var summary = NarCopy.copy(reader, sink, nar.length);

                assertThat(summary.size()).isEqualTo(nar.length);
                assertThat(summary.hash()).isEqualTo(NarTree.parse(nar).narHash());
                assertThat(sink.toByteArray()).isEqualTo(nar);
                assertThat(reader.readLong()).isEqualTo(42);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    @Tag("slow")
    void hashOfALongNarIsThatOfItsBytes() {
        Seeds.run(20, random -> {
            var contents = new byte[random.nextInt(900_000, 3_000_000)];
            random.nextBytes(contents);
            var nar = new NarTree.File(false, ByteString.wrap(contents)).toNar();
            try {
                var in = new Trickle(new ByteArrayInputStream(nar), random, 200_000);
                var summary = NarCopy.copy(new WireReader(in), OutputStream.nullOutputStream());

                assertThat(summary.hash().bytes()).isEqualTo(Hash.sha256(nar).bytes());
                assertThat(summary.size()).isEqualTo(nar.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void interruptionIsAnErrorAndStays() {
        var nar = NarTree.file("x".repeat(3_000_000)).toNar();
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> NarCopy.copy(reader(nar), OutputStream.nullOutputStream()))
                    .isInstanceOf(InterruptedIOException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void everyPrefixEndsInEof() {
        var nar = NarTree.directory().with("f", NarTree.file("text")).toNar();
        for (int length = 0; length < nar.length; length++) {
            var part = Arrays.copyOf(nar, length);
            assertThatThrownBy(() -> NarCopy.copy(reader(part), OutputStream.nullOutputStream()))
                    .isInstanceOf(EOFException.class)
                    .hasMessageContaining("after %d bytes".formatted(length));
        }
    }

    @Test
    void narBeyondItsAnnouncedSizeIsRefusedAndNotWritten() {
        var nar = TREE.toNar();
        var sink = new ByteArrayOutputStream();

        assertThatThrownBy(() -> NarCopy.copy(reader(nar), sink, 100_000))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("the NAR is larger than the 100000 bytes it should have");
        assertThat(sink.toByteArray()).isEqualTo(Arrays.copyOf(nar, 100_000));
    }

    @Test
    void brokenNarIsTheFaultOfThePeer() {
        var nar = TREE.toNar();
        nar[60] ^= 1;

        assertThatThrownBy(() -> NarCopy.copy(reader(nar), OutputStream.nullOutputStream()))
                .isInstanceOf(ProtocolException.class)
                .hasMessageStartingWith("what was received is not a NAR: at byte 56, in '/'");
    }
}
