package dispatcher.nix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ContentAddress.Method;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class StorePathsTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final byte[] TEXT = "text\n".getBytes(StandardCharsets.US_ASCII);
    private static final StorePath REFERENCE = StorePath.parse("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo");

    private static Hash hash(HashAlgorithm algorithm, byte[] content) {
        return Hash.of(algorithm, algorithm.newDigest().digest(content));
    }

    private static StorePath fixed(Method method, HashAlgorithm algorithm) {
        var content = method == Method.NAR ? NarTree.file("text\n").toNar() : TEXT;
        return StorePaths.fixedOutput(STORE, "hello.txt", method, hash(algorithm, content));
    }

    @Test
    void pathsAreThoseThatNixComputes() {
        assertThat(fixed(Method.NAR, HashAlgorithm.SHA256)).hasToString("qjhyyxqn06xi41y0y2n09v85iwyhf3rr-hello.txt");
        assertThat(fixed(Method.FLAT, HashAlgorithm.SHA256)).hasToString("ycr72hp4pa1731xfwngjx1h4ssanw6m3-hello.txt");
        assertThat(fixed(Method.FLAT, HashAlgorithm.SHA1)).hasToString("gh524qsxww2nd757wlair1rp0arjn226-hello.txt");
        assertThat(fixed(Method.NAR, HashAlgorithm.SHA1)).hasToString("dbscm4yfrdabfkcxkq1azkmsik9wsyxf-hello.txt");
        var text = Hash.sha256("hello input".getBytes(StandardCharsets.US_ASCII));
        assertThat(StorePaths.text(STORE, "in.txt", text, List.of()))
                .hasToString("na39yp21f4scvim8hkwr9f79bvh9xcvj-in.txt");
    }

    @Test
    void storeDirectoryIsPartOfTheHash() {
        var here = StorePaths.text(STORE, "in.txt", Hash.sha256(TEXT), List.of());
        var elsewhere = StorePaths.text(new StoreDir("/gnu/store"), "in.txt", Hash.sha256(TEXT), List.of());

        assertThat(elsewhere).isNotEqualTo(here);
    }

    @Test
    void outputsOtherThanOutAreInTheName() {
        assertThat(StorePaths.outputName("hello", "out")).isEqualTo("hello");
        assertThat(StorePaths.outputName("hello", "dev")).isEqualTo("hello-dev");
    }

    @Test
    void namesThatNoPathMayHaveAreRefused() {
        for (var name : List.of("", "a b", "x".repeat(212), ".", "\u00e4"))
            assertThatThrownBy(() -> StorePaths.text(STORE, name, Hash.sha256(TEXT), List.of()))
                    .isInstanceOf(NixSyntaxException.class);
    }

    @Nested
    class IsAddressedBy {
        @Test
        void aPathIsAddressedByWhatItWasMadeFrom() {
            Seeds.run(200, random -> {
                var method = List.of(Method.values()).get(random.nextInt(4));
                var algorithm = method == Method.TEXT
                        ? HashAlgorithm.SHA256
                        : List.of(HashAlgorithm.values()).get(random.nextInt(5));
                var digest = new byte[algorithm.size()];
                random.nextBytes(digest);
                var address = new ContentAddress(method, Hash.of(algorithm, digest));
                boolean mayRefer = method == Method.TEXT || (method == Method.NAR && algorithm == HashAlgorithm.SHA256);
                var references = mayRefer && random.nextBoolean() ? List.of(REFERENCE) : List.<StorePath>of();
                var path = StorePaths.of(STORE, "name", address, references, false);

                assertThat(StorePaths.isAddressedBy(STORE, path, address, references))
                        .isTrue();
                assertThat(StorePaths.isAddressedBy(STORE, path, ContentAddress.parse(address.toString()), references))
                        .isTrue();
                assertThat(StorePaths.isAddressedBy(STORE, StorePath.of(path.hashPart(), "other"), address, references))
                        .isFalse();
                digest[random.nextInt(digest.length)] ^= 1;
                var other = new ContentAddress(method, Hash.of(algorithm, digest));
                assertThat(StorePaths.isAddressedBy(STORE, path, other, references))
                        .isFalse();
            });
        }

        @Test
        void aReferenceToItselfIsNotAReferenceToItsPath() {
            var address = new ContentAddress(Method.NAR, Hash.sha256(TEXT));
            var path = StorePaths.of(STORE, "name", address, List.of(REFERENCE), true);

            assertThat(StorePaths.isAddressedBy(STORE, path, address, List.of(REFERENCE, path)))
                    .isTrue();
            assertThat(StorePaths.isAddressedBy(STORE, path, address, List.of(REFERENCE)))
                    .isFalse();
        }

        @Test
        void whatMayNotReferIsNotAddressed() {
            var flat = new ContentAddress(Method.FLAT, Hash.sha256(TEXT));
            var path = StorePaths.of(STORE, "name", flat, List.of(), false);

            assertThat(StorePaths.isAddressedBy(STORE, path, flat, List.of(REFERENCE)))
                    .isFalse();
            assertThatThrownBy(() -> StorePaths.of(STORE, "name", flat, List.of(), true))
                    .isInstanceOf(NixSyntaxException.class)
                    .hasMessageContaining("refer to nothing");
        }
    }

    @Test
    void fingerprintOfAPathInfoIsWhatNixSigns() {
        var path = StorePath.parse("bm0a270yig42s4rk2vxhx1r0rr6id6vl-t1");
        var info = PathInfo.of(
                path,
                NarHash.parse("0wrpzqvlhafnw5xkdph3588f151m5hc8dyx091z6a5d5wgv0j2k2"),
                168,
                List.of(StorePath.parse("na39yp21f4scvim8hkwr9f79bvh9xcvj-in.txt")));

        assertThat(info.fingerprint(STORE))
                .isEqualTo("1;/nix/store/bm0a270yig42s4rk2vxhx1r0rr6id6vl-t1;"
                        + "sha256:0wrpzqvlhafnw5xkdph3588f151m5hc8dyx091z6a5d5wgv0j2k2;168;"
                        + "/nix/store/na39yp21f4scvim8hkwr9f79bvh9xcvj-in.txt");
        assertThatThrownBy(() -> PathInfo.of(path, info.narHash(), 0, List.of()).fingerprint(STORE))
                .isInstanceOf(IllegalStateException.class);
    }
}
