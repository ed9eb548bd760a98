package dispatcher.nix;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ByteStringTest {
    @Test
    void orderIsThatOfUnsignedBytes() {
        var low = ByteString.of("z");
        var high = ByteString.wrap(new byte[] {(byte) 0x80});

        assertThat(new TreeSet<>(List.of(high, low, ByteString.EMPTY, ByteString.of("za"))))
                .containsExactly(ByteString.EMPTY, low, ByteString.of("za"), high);
    }

    @Test
    void copiesAreIndependentOfTheirArrays() {
        var bytes = new byte[] {1, 2, 3};
        var whole = ByteString.copyOf(bytes);
        var part = ByteString.copyOf(bytes, 1, 3);
        bytes[1] = 9;
        whole.toByteArray()[0] = 9;

        assertThat(whole.toByteArray()).containsExactly(1, 2, 3);
        assertThat(part.toByteArray()).containsExactly(2, 3);
        assertThat(part)
                .isEqualTo(ByteString.wrap(new byte[] {2, 3}))
                .hasSameHashCodeAs(ByteString.wrap(new byte[] {2, 3}));
    }

    @Test
    void textIsUtf8() {
        assertThat(ByteString.of("\u00e4").toByteArray()).containsExactly(0xc3, 0xa4);
        assertThat(ByteString.wrap(new byte[] {(byte) 0xff}).utf8()).isEqualTo("\ufffd");
        assertThat(ByteString.of("abc").startsWith(ByteString.of("ab"))).isTrue();
        assertThat(ByteString.of("abc").startsWith(ByteString.of("abcd"))).isFalse();
    }
}
