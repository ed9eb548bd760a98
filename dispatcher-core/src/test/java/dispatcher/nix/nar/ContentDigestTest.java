package dispatcher.nix.nar;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ContentAddress;
import dispatcher.nix.Hash;
import dispatcher.nix.StorePath;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentDigestTest {
    private static final StorePath PATH = StorePath.parse("n6w8q37jylhn9w300im3mf1lmihhy100-x");

    /// As it came out of `nix store make-content-addressed` of Nix 2.8.
    private static final String SELF = """
            /nix/store/4hc1krqgm9ivrn8fg7z840aqhi1b4dwi-in.txt
            /nix/store/%1$s /nix/store/%1$s
            """.formatted(PATH);

    private static final ContentAddress SELF_ADDRESS =
            ContentAddress.parse("fixed:r:sha256:1xplc0ky841swagfavh1ija0pb1520f6svkgbskywd8b5rb8k4b3");

    private static Optional<Hash> digest(ContentAddress address, boolean selfReferences, byte[] nar, int piece) {
        var digest = ContentDigest.of(address, PATH, selfReferences).orElseThrow();
        for (int at = 0; at < nar.length; at += piece) digest.update(nar, at, Math.min(piece, nar.length - at));
        return digest.finish();
    }

    private static byte[] nar(String content) {
        return NarTree.file(content).toNar();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 31, 32, 33, 100, 1000})
    void ofAnObjectThatRefersToItselfIsThatOfNix(int piece) {
        assertThat(digest(SELF_ADDRESS, true, nar(SELF), piece)).contains(SELF_ADDRESS.hash());
    }

    /// Nix 2.17 to 2.34 did not hash where an object refers to itself.
    @ParameterizedTest
    @ValueSource(ints = {1, 31, 33, 1000})
    void ofAnObjectThatRefersToItselfIsAlsoThatOfItsZeroedNar(int piece) {
        var zeroed = nar(SELF.replace(PATH.hashPart(), "\0".repeat(32)));
        var digest = ContentDigest.of(SELF_ADDRESS, PATH, true).orElseThrow();
        var nar = nar(SELF);
        for (int at = 0; at < nar.length; at += piece) digest.update(nar, at, Math.min(piece, nar.length - at));
        assertThat(digest.finishWithoutPositions()).contains(Hash.sha256(zeroed));
        assertThat(digest.finish()).contains(SELF_ADDRESS.hash());
    }

    @Test
    void ofAnyPiecesIsTheSame() {
        Seeds.run(20, random -> {
            var text = new StringBuilder();
            for (int i = 0; i < 200; i++)
                text.append(PATH.hashPart(), 0, random.nextInt(33)).append(random.nextBoolean() ? "" : "/");
            var nar = nar(text.toString());
            var whole = digest(SELF_ADDRESS, true, nar, nar.length);
            assertThat(digest(SELF_ADDRESS, true, nar, 1 + random.nextInt(100))).isEqualTo(whole);
        });
    }

    @Test
    void ofANarIsItsHash() {
        var nar = nar(SELF);
        assertThat(digest(SELF_ADDRESS, false, nar, 10)).contains(Hash.sha256(nar));
    }

    @ParameterizedTest
    @ValueSource(strings = {"text:sha256:", "fixed:sha256:"})
    void ofAFileIsThatOfItsContent(String method) {
        var content = Hash.sha256(SELF.getBytes(StandardCharsets.UTF_8));
        var address = ContentAddress.parse(method + content.nix32());
        assertThat(digest(address, false, nar(SELF), 10)).contains(content);
    }

    @Test
    void whatIsNoPlainFileHasNoAddressAsOne() {
        var address =
                ContentAddress.parse("fixed:sha256:" + Hash.sha256(new byte[0]).nix32());
        assertThat(digest(
                        address,
                        false,
                        NarTree.directory().with("a", NarTree.file("x")).toNar(),
                        10))
                .isEmpty();
        assertThat(digest(address, false, NarTree.executable("x").toNar(), 10)).isEmpty();
        assertThat(digest(address, false, NarTree.symlink("x").toNar(), 10)).isEmpty();
    }

    @Test
    void whatIsHashedInUnknownWaysIsNotHashed() {
        var git = ContentAddress.parse("fixed:git:sha1:" + "0".repeat(32));
        assertThat(ContentDigest.of(git, PATH, false)).isEmpty();
        var blake3 = ContentAddress.parse("fixed:r:blake3:" + "0".repeat(52));
        assertThat(ContentDigest.of(blake3, PATH, false)).isEmpty();
    }
}
