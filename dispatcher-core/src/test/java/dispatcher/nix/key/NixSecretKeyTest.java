package dispatcher.nix.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.NarHash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NixSecretKeyTest {
    /// RFC 8032, section 7.1, test 1: seed and public key.
    private static final String SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

    private static final String PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    private static final PathInfo INFO =
            PathInfo.of(StorePath.parse("0".repeat(32) + "-x"), NarHash.of(new byte[32]), 120, List.of());

    private static String text(String hex) {
        return "cache-1:" + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex));
    }

    @Test
    void publicHalfIsForClients() {
        assertThat(NixSecretKey.parse(text(SEED + PUBLIC) + "\n").publicKey())
                .isEqualTo(NixPublicKey.parse(text(PUBLIC)));
    }

    @Test
    void signatureIsOfTheFingerprintAndTheOthersStay() {
        var signed = NixSecretKey.parse(text(SEED + PUBLIC)).sign(INFO.withSignature("other:AAAA"), StoreDir.NIX_STORE);

        assertThat(signed.signatures()).hasSize(2).contains("other:AAAA");
        var signature = NixSignature.parse(signed.signatures().first());
        assertThat(NixPublicKey.parse(text(PUBLIC)).verifies(signature, INFO, StoreDir.NIX_STORE))
                .isTrue();
    }

    @Test
    void secretIsNeverShown() {
        var text = text(SEED + PUBLIC);
        assertThat(NixSecretKey.parse(text)).hasToString("secret key cache-1");
        assertThatThrownBy(() -> NixSecretKey.parse(text + "AAAA"))
                .isInstanceOf(NixSyntaxException.class)
                .message()
                .doesNotContain(text.substring(8, 20));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "cache-1", ":AAAA", "cache-1:", "cache-1:AAAA", "cache-1:?", "a b:AAAA", "a:AAAA\nb:AAAA"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> NixSecretKey.parse(text)).isInstanceOf(NixSyntaxException.class);
    }
}
