package dispatcher.nix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.testkit.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;

class HashTest {
    private static final Hash EMPTY = Hash.sha256(new byte[0]);
    private static final String HEX = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static final String BASE_32 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
    private static final String BASE_64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    @Test
    void emptyTextHasTheHashThatNixSays() {
        assertThat(EMPTY.base16()).isEqualTo(HEX);
        assertThat(EMPTY.nix32()).isEqualTo(BASE_32);
        assertThat(EMPTY.sri()).isEqualTo("sha256-" + BASE_64);
        assertThat(EMPTY).hasToString("sha256:" + BASE_32);
    }

    @Test
    void lengthTellsTheEncoding() {
        for (var digits : List.of(HEX, BASE_32, BASE_64)) {
            assertThat(Hash.parse(HashAlgorithm.SHA256, digits)).isEqualTo(EMPTY);
            assertThat(Hash.parse(HashAlgorithm.SHA256, "sha256:" + digits)).isEqualTo(EMPTY);
            assertThat(Hash.parseTyped("sha256:" + digits)).isEqualTo(EMPTY);
            assertThat(NarHash.parse(digits).base16()).isEqualTo(HEX);
        }
        assertThat(Hash.parse(HashAlgorithm.SHA256, "sha256-" + BASE_64)).isEqualTo(EMPTY);
    }

    @Test
    void everyHashIsReadAsItIsPrinted() {
        Seeds.run(500, random -> {
            var algorithm = List.of(HashAlgorithm.values()).get(random.nextInt(5));
            var bytes = new byte[algorithm.size()];
            random.nextBytes(bytes);
            var hash = Hash.of(algorithm, bytes);

            assertThat(Hash.parse(algorithm, hash.base16())).isEqualTo(hash);
            assertThat(Hash.parse(algorithm, hash.nix32())).isEqualTo(hash);
            assertThat(Hash.parseTyped(hash.sri())).isEqualTo(hash);
            assertThat(Hash.parseTyped(hash.toString())).isEqualTo(hash);
            assertThat(Nix32.decode(Nix32.encode(bytes), bytes.length)).isEqualTo(bytes);
            assertThat(Nix32.encode(bytes)).hasSize(Nix32.digits(bytes.length));
        });
    }

    @Test
    void bytesOfAPathHashAreOneLittleEndianNumber() {
        var bytes = new byte[20];
        for (int i = 0; i < 20; i++) bytes[i] = (byte) i;

        assertThat(Nix32.encode(bytes)).isEqualTo("2c91240g1q6hq2qa1440f1h50h1h4080");
        assertThat(Nix32.encode(new byte[0])).isEmpty();
    }

    @Test
    void digitsBeyondTheBytesAreRefused() {
        assertThatThrownBy(() -> Hash.parse(HashAlgorithm.SHA256, "z" + BASE_32.substring(1)))
                .isInstanceOf(NixSyntaxException.class)
                .hasMessageContaining("at position 0: bits beyond its 32 bytes");
    }

    @Test
    void wrongTextsAreRefused() {
        for (var text : List.of(
                "", "x", HEX.replace('e', 'g'), BASE_32.replace('0', 'e'), HEX + "0", BASE_64.replace('=', '!')))
            assertThatThrownBy(() -> Hash.parse(HashAlgorithm.SHA256, text))
                    .as(text)
                    .isInstanceOf(NixSyntaxException.class);
        for (var text : List.of("", "sha256", "sha257:" + HEX, "sha256-" + HEX, "sha1:" + HEX, "sha256:"))
            assertThatThrownBy(() -> Hash.parseTyped(text)).as(text).isInstanceOf(NixSyntaxException.class);
    }

    @Test
    void contentAddressesAreReadAsTheyArePrinted() {
        for (var text : List.of(
                "text:sha256:" + BASE_32,
                "fixed:sha256:" + BASE_32,
                "fixed:r:sha256:" + BASE_32,
                "fixed:git:sha256:" + BASE_32))
            assertThat(ContentAddress.parse(text)).hasToString(text);
        assertThat(ContentAddress.parse("fixed:r:sha256:" + HEX)).hasToString("fixed:r:sha256:" + BASE_32);
        assertThat(ContentAddress.parseOptional("")).isEmpty();
        for (var text :
                List.of("", "sha256:" + BASE_32, "fixed:" + BASE_32, "fixed:x:sha256:" + BASE_32, "text:sha256:"))
            assertThatThrownBy(() -> ContentAddress.parse(text)).as(text).isInstanceOf(NixSyntaxException.class);
    }
}
