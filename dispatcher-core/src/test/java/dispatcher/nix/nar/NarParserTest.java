package dispatcher.nix.nar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.nix.ByteString;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.NixVectors;
import dispatcher.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class NarParserTest {
    /// A regular file with the contents `text\n`, as Nix 2.8 writes it.
    private static final byte[] TEXT_FILE = HexFormat.of()
            .parseHex("0d000000000000006e69782d617263686976652d31000000" + "01000000000000002800000000000000"
                    + "04000000000000007479706500000000" + "0700000000000000726567756c617200"
                    + "0800000000000000636f6e74656e7473" + "0500000000000000746578740a000000"
                    + "01000000000000002900000000000000");

    private static final NarTree SMALL_TREE = NarTree.directory()
            .with("a", NarTree.executable("x"))
            .with("empty", NarTree.file(""))
            .with("sub", NarTree.directory().with("l", NarTree.symlink("../a")));

    /// Written by hand: what a writer refuses to write.
    private static final class Strings {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Strings add(String... strings) {
            for (var string : strings) add(string.getBytes(StandardCharsets.ISO_8859_1), 0);
            return this;
        }

        Strings add(byte[] bytes, int padding) {
            length(bytes.length);
            out.writeBytes(bytes);
            while (out.size() % 8 != 0) out.write(padding);
            return this;
        }

        Strings length(long length) {
            for (int i = 0; i < 8; i++) out.write((byte) (length >>> (8 * i)));
            return this;
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }

    private static Strings root() {
        return new Strings().add("nix-archive-1", "(", "type");
    }

    private static Strings entry(String name) {
        return root().add("directory", "entry", "(", "name", name);
    }

    private static void parse(byte[] bytes) {
        var parser = new NarParser();
        parser.accept(bytes, 0, bytes.length);
    }

    @Test
    void fileOfNixIsCompleteAtItsLastByte() {
        var parser = new NarParser();

        assertThat(parser.accept(TEXT_FILE, 0, TEXT_FILE.length)).isEqualTo(120);
        assertThat(parser.isComplete()).isTrue();
        assertThat(NarTree.parse(TEXT_FILE)).isEqualTo(NarTree.file("text\n"));
    }

    @Test
    void treeOfNixHasItsHash() {
        assertThat(SMALL_TREE.toNar()).hasSize(864);
        assertThat(SMALL_TREE.narHash().base16())
                .isEqualTo("f590aa2ff5cc737e05c3583f0ff7c337f239181db15d75ad999b84b113cf11f1");
        assertThat(NarTree.parse(SMALL_TREE.toNar())).isEqualTo(SMALL_TREE);
    }

    @Test
    void bytesAfterTheArchiveAreLeft() {
        var more = Arrays.copyOf(TEXT_FILE, TEXT_FILE.length + 50);
        var parser = new NarParser();

        assertThat(parser.accept(more, 0, more.length)).isEqualTo(120);
        assertThat(parser.accept(more, 120, 50)).isZero();
        assertThat(parser.position()).isEqualTo(120);
    }

    @Test
    void piecesMakeNoDifference() {
        Seeds.run(300, random -> {
            var tree = NarTree.random(random, 4);
            var nar = Arrays.copyOf(tree.toNar(), tree.toNar().length + 20);
            var builder = new NarTree.Builder();
            var whole = new NarParser();
            int length = whole.accept(nar, 0, nar.length);
            assertThat(length).isEqualTo(nar.length - 20);

            var parser = new NarParser(builder);
            for (int taken = 0; !parser.isComplete(); ) {
                int piece = Math.min(random.nextInt(1, random.nextBoolean() ? 10 : 300), nar.length - taken);
                int n = parser.accept(nar, taken, piece);
                taken += n;
                assertThat(n == piece || parser.isComplete()).isTrue();
            }
            assertThat(parser.position()).isEqualTo(length);
            assertThat(builder.root()).isEqualTo(tree);
        });
    }

    @Test
    void noPrefixIsComplete() {
        var nar = SMALL_TREE.toNar();
        for (int length = 0; length < nar.length; length++) {
            var parser = new NarParser();
            assertThat(parser.accept(nar, 0, length)).isEqualTo(length);
            assertThat(parser.isComplete()).isFalse();
        }
    }

    @Test
    void anyChangedByteIsAFaultOrAnotherTree() {
        Seeds.run(300, random -> {
            var tree = NarTree.random(random, 3);
            var nar = tree.toNar();
            nar[random.nextInt(nar.length)] ^= (byte) (1 << random.nextInt(8));
            var builder = new NarTree.Builder();
            var parser = new NarParser(builder);
            try {
                parser.accept(nar, 0, nar.length);
                if (parser.isComplete()) assertThat(builder.root()).isNotEqualTo(tree);
            } catch (NarSyntaxException e) {
                assertThat(e.position()).isBetween(0L, (long) nar.length);
                assertThatThrownBy(() -> parser.accept(nar, 0, 1)).isSameAs(e);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> filesOfNix() {
        var good = Set.of(
                "case-collision.nar",
                "case.nar",
                "empty-dir.nar",
                "empty-subdir.nar",
                "simple.nar",
                "regular-one-byte-zero-padding.nar");
        var truncated = Set.of("regular-truncated-padding.nar");
        return Stream.of("nars", "nars-fuzz")
                .flatMap(folder -> NixVectors.list(folder, ".nar").stream())
                .map(file -> dynamicTest(file, () -> {
                    var nar = NixVectors.bytes(file);
                    var name = file.substring(file.indexOf('/') + 1);
                    if (good.contains(name)) {
                        assertThat(NarTree.parse(nar).toNar()).isEqualTo(nar);
                    } else if (truncated.contains(name)) {
                        var parser = new NarParser();
                        parser.accept(nar, 0, nar.length);
                        assertThat(parser.isComplete()).isFalse();
                    } else {
                        assertThatThrownBy(() -> parse(nar)).isInstanceOf(NarSyntaxException.class);
                    }
                }));
    }

    @Nested
    class Refuses {
        private void refused(Strings nar, long position, String path, String fault) {
            var bytes = nar.bytes();
            assertThatThrownBy(() -> parse(bytes))
                    .isInstanceOfSatisfying(NarSyntaxException.class, e -> {
                        assertThat(e.position()).isEqualTo(position);
                        assertThat(e.path()).isEqualTo(path);
                    })
                    .hasMessageContaining(fault);
            assertThatThrownBy(() -> {
                        var parser = new NarParser();
                        for (int i = 0; i < bytes.length; i++) parser.accept(bytes, i, 1);
                    })
                    .isInstanceOf(NarSyntaxException.class)
                    .hasMessageContaining(fault);
        }

        @Test
        void anotherFormat() {
            refused(new Strings().add("nix-archive-2"), 0, "/", "'nix-archive-1' expected, not 'nix-archive-2'");
            refused(new Strings().length(0x0a0d_746f_6e20_7369L), 0, "/", "'nix-archive-1' expected, not a string of");
        }

        @Test
        void unknownKind() {
            refused(root().add("device"), 56, "/", "'regular', 'symlink' or 'directory' expected, not 'device'");
        }

        @Test
        void valueOfExecutable() {
            refused(root().add("regular", "executable", "1"), 96, "/", "the empty string after 'executable'");
        }

        @Test
        void contentsBeyond63Bits() {
            refused(root().add("regular", "contents").length(-1), 88, "/", "18446744073709551615 bytes");
        }

        @Test
        void paddingThatIsNotZero() {
            var bytes = new byte[] {'a', 'b', 'c'};
            refused(root().add("regular", "contents").add(bytes, 1), 88, "/", "padding is not zero");
            refused(root().add("symlink", "target").add(bytes, 1), 88, "/", "padding is not zero");
            refused(new Strings().add("nix-archive-1".getBytes(StandardCharsets.US_ASCII), 1), 0, "/", "padding");
        }

        @Test
        void namesThatAreNone() {
            refused(entry(""), 128, "/", "a name is empty");
            refused(entry("."), 128, "/", "'.' is not allowed");
            refused(entry(".."), 128, "/", "'..' is not allowed");
            refused(entry("a/b"), 128, "/", "a slash");
            refused(entry("a\0b"), 128, "/", "'a\\x00b' has a NUL");
            refused(entry("x".repeat(256)), 128, "/", "a name of 1 to 255 bytes expected");
        }

        @Test
        void namesOutOfOrder() {
            var first = new String[] {"node", "(", "type", "symlink", "target", "t", ")", ")", "entry", "(", "name"};
            refused(entry("b").add(first).add("a"), 320, "/", "'a' does not sort after 'b'");
            refused(entry("b").add(first).add("b"), 320, "/", "'b' is there twice");
            refused(entry("\u00e4").add(first).add("z"), 320, "/", "does not sort after");
        }

        @Test
        void targetsThatAreNone() {
            refused(root().add("symlink", "target", ""), 88, "/", "empty");
            refused(root().add("symlink", "target", "a\0"), 88, "/", "NUL");
            refused(root().add("symlink", "target", "x".repeat(4096)), 88, "/", "1 to 4095");
        }

        @Test
        void fieldsOutOfOrder() {
            refused(entry("foo").add("(", "type"), 144, "/foo", "'node' expected, not '('");
            refused(root().add("symlink", "contents"), 72, "/", "'target' expected, not 'contents'");
        }

        @Test
        void fileWithoutContents() {
            refused(root().add("regular", ")"), 72, "/", "'executable' or 'contents' expected, not ')'");
        }

        @Test
        void nestingThatIsTooDeep() {
            assertThat(NarTree.parse(nested(1024))).isInstanceOf(NarTree.Directory.class);
            assertThatThrownBy(() -> parse(nested(1025)))
                    .isInstanceOf(NarSyntaxException.class)
                    .hasMessageContaining("nested deeper than 1024");
        }

        private byte[] nested(int depth) {
            var nar = root();
            for (int i = 1; i < depth; i++) nar.add("directory", "entry", "(", "name", "d", "node", "(", "type");
            nar.add("directory", ")");
            for (int i = 1; i < depth; i++) nar.add(")", ")");
            return nar.bytes();
        }
    }

    @Test
    void longestNamesAndTargetsAreTaken() {
        var tree = NarTree.directory().with("n".repeat(255), NarTree.symlink("t".repeat(4095)));

        assertThat(NarTree.parse(tree.toNar())).isEqualTo(tree);
    }

    @Test
    void faultIsToldWithItsPath() {
        var nar = entry("usr").add("node", "(", "type", "directory", "entry", "(", "name", "bin", "node", "(", "typo");

        assertThatThrownBy(() -> parse(nar.bytes())).hasMessageContaining("in '/usr/bin': 'type' expected, not 'typo'");
    }

    @Test
    void entryNamesAreTheirBytes() {
        var name = ByteString.wrap(new byte[] {(byte) 0xff, (byte) 0xfe});
        var entries = new java.util.TreeMap<ByteString, NarTree>();
        entries.put(name, NarTree.file(""));
        var tree = new NarTree.Directory(entries);

        assertThat(NarTree.parse(tree.toNar())).isEqualTo(tree);
    }
}
