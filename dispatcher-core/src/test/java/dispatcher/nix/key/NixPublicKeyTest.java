package dispatcher.nix.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.nix.NarHash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NixPublicKeyTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;

    /// Key and signature by Nix 2.8: `nix-store --generate-binary-cache-key` and `nix store sign`.
    private static final NixPublicKey KEY = NixPublicKey.parse("test-1:9qD2qS7Gt9oOBe/IuFrt0/dPGs/bXuGYxKzrtwHNgjQ=");

    private static final NixSignature SIGNATURE = NixSignature.parse(
            "test-1:lGBbW5X7bU1DVcjfwHVQsvDhUhj2w32Yxcm547REQwy" + "hc+MggxjyRiPrpuqxGajW7Qln9SXIXCrTZN/rKRXdAA==");

    private static PathInfo signed(long narSize) {
        return PathInfo.of(
                StorePath.parse("ilrf8326wwzfdw2ribr9dyg03hnc8kfm-x.drv"),
                NarHash.parse("sha256-/CQIl/hZ2mCmiyJKQDYXBQqv9MSKJ6VvWieHoIT6+pE="),
                narSize,
                List.of(StorePath.parse("4hc1krqgm9ivrn8fg7z840aqhi1b4dwi-in.txt")));
    }

    @Test
    void verifiesWhatNixSigned() {
        assertThat(KEY.verifies(SIGNATURE, signed(472), STORE)).isTrue();
    }

    @Test
    void verifiesNothingElse() {
        assertThat(KEY.verifies(SIGNATURE, signed(473), STORE)).isFalse();
        assertThat(KEY.verifies(SIGNATURE, signed(472), new StoreDir("/other/store")))
                .isFalse();
        assertThat(KEY.verifies(new NixSignature("test-2", SIGNATURE.bytes()), signed(472), STORE))
                .isFalse();
        var otherKey = new NixPublicKey("test-1", ByteString.wrap(new byte[32]));
        assertThat(otherKey.verifies(SIGNATURE, signed(472), STORE)).isFalse();
        var altered = SIGNATURE.bytes().toByteArray();
        altered[63] ^= 1;
        assertThat(KEY.verifies(new NixSignature("test-1", ByteString.wrap(altered)), signed(472), STORE))
                .isFalse();
    }

    @Test
    void bytesThatAreNoKeyVerifyNothing() {
        for (int first = 0; first < 256; first++) {
            var bytes = new byte[32];
            java.util.Arrays.fill(bytes, (byte) 0xff);
            bytes[0] = (byte) first;
            var key = new NixPublicKey("test-1", ByteString.wrap(bytes));
            assertThat(key.verifies(SIGNATURE, signed(472), STORE)).isFalse();
        }
    }

    @Test
    void printsWhatItReads() {
        assertThat(NixPublicKey.parse(KEY.toString())).isEqualTo(KEY);
        assertThat(NixSignature.parse(SIGNATURE.toString())).isEqualTo(SIGNATURE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", ":AAAA", "a b:AAAA", "test-1:", "test-1:****", "test-1:AAAA"})
    void whatIsNoKeyAndNoSignatureIsRefused(String text) {
        assertThatThrownBy(() -> NixPublicKey.parse(text)).isInstanceOf(NixSyntaxException.class);
        assertThatThrownBy(() -> NixSignature.parse(text)).isInstanceOf(NixSyntaxException.class);
    }

    @Test
    void aSecretKeyInItsPlaceIsNotRepeated() {
        var secret = Base64.getEncoder().encodeToString(new byte[64]);
        for (var text : List.of("cache-1:" + secret, secret, "cache-1:" + secret + "!"))
            assertThatThrownBy(() -> NixPublicKey.parse(text))
                    .isInstanceOf(NixSyntaxException.class)
                    .message()
                    .doesNotContain("AAAAA");
    }
}
