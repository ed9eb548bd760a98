package dispatcher.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.testkit.NixVectors;
import dispatcher.testkit.Seeds;
import dispatcher.testkit.Trickle;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class WireReaderTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final StorePath FOO = StorePath.parse("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo");
    private static final StorePath FOO_BAR = StorePath.parse("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo-bar");

    private static WireReader reader(String hex) {
        return reader(hex, Limits.DEFAULT);
    }

    private static WireReader reader(String hex, Limits limits) {
        return new WireReader(new ByteArrayInputStream(HexFormat.of().parseHex(hex.replace(" ", ""))), limits);
    }

    private interface Writing {
        void to(WireWriter out) throws IOException;
    }

    private static byte[] written(Writing writing) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new WireWriter(bytes);
        writing.to(out);
        out.flush();
        return bytes.toByteArray();
    }

    @Nested
    class Integers {
        @Test
        void areLittleEndian() throws IOException {
            assertThat(reader("0102030405060708").readLong()).isEqualTo(0x0807060504030201L);
            assertThat(reader("ffffffffffffffff").readLong()).isEqualTo(-1);
            assertThat(written(out -> out.writeLong(0x6e697863L))).containsExactly(0x63, 0x78, 0x69, 0x6e, 0, 0, 0, 0);
        }

        @Test
        void thatDoNotFitAreRefused() throws IOException {
            assertThat(reader("ffffff7f00000000").readInt("count")).isEqualTo(Integer.MAX_VALUE);
            assertThatThrownBy(() -> reader("0000008000000000").readInt("count"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("count is 2147483648, more than fits");
            assertThat(reader("ffffffffffffff7f").readSize("size")).isEqualTo(Long.MAX_VALUE);
            assertThatThrownBy(() -> reader("ffffffffffffffff").readSize("size"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("size is 18446744073709551615, more than fits");
        }

        @Test
        void anyButZeroIsTrue() throws IOException {
            assertThat(reader("0000000000000000").readBool()).isFalse();
            assertThat(reader("0000000000000001").readBool()).isTrue();
        }

        @Test
        void endBetweenThemIsNoError() throws IOException {
            var reader = reader("0500000000000000");

            assertThat(reader.readLongOrEnd()).hasValue(5);
            assertThat(reader.readLongOrEnd()).isEmpty();
            assertThatThrownBy(() -> reader("05000000").readLongOrEnd()).isInstanceOf(EOFException.class);
        }
    }

    @Nested
    class Strings {
        @Test
        void arePaddedWithZeroes() throws IOException {
            assertThat(reader("0000000000000000").readText("text")).isEmpty();
            assertThat(reader("0300000000000000 6162630000000000").readText("text"))
                    .isEqualTo("abc");
            assertThat(reader("0800000000000000 6162636465666768").readText("text"))
                    .isEqualTo("abcdefgh");
            assertThatThrownBy(() -> reader("0300000000000000 6162630000000001").readText("text"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("padding after text is not zero");
        }

        @Test
        void overTheLimitAreRefusedBeforeTheyArrive() {
            var limits = new Limits(10, 10, 1000);

            assertThatThrownBy(() -> reader("0b00000000000000", limits).readByteString("name"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("name of 11 bytes is over the limit of 10");
            assertThatThrownBy(() -> reader("ffffffffffffffff", limits).readByteString("name"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("name of 18446744073709551615 bytes is over the limit of 10");
        }

        @Test
        void clippedOnesKeepTheirBeginningAndTheirEnd() throws IOException {
            var text = "ä".repeat(50) + "x".repeat(1000) + "ö".repeat(50);
            var reader = new WireReader(new ByteArrayInputStream(
                    written(out -> out.writeText(text).writeText("short").writeLong(7))));

            assertThat(reader.readClippedText("text", 42))
                    .isEqualTo("ä".repeat(10) + "\n[dispatcher: 1160 bytes are left out here]\n" + "ö".repeat(10));
            assertThat(reader.readClippedText("text", 42)).isEqualTo("short");
            assertThat(reader.readLong()).isEqualTo(7);
        }

        @Test
        void inPiecesComeWhole() throws IOException {
            var reader = new WireReader(new ByteArrayInputStream(
                    written(out -> out.writeText("abcdefghij").writeText("abcd").writeLong(7))));
            var pieces = new ArrayList<String>();

            assertThat(reader.readPieces("text", 4, (piece, length) -> pieces.add(piece + " of " + length)))
                    .hasToString("ij");
            assertThat(pieces).containsExactly("abcd of 10", "efgh of 10");
            assertThat(reader.readPieces("text", 4, (_, _) -> pieces.add("more")))
                    .hasToString("abcd");
            assertThat(pieces).hasSize(2);
            assertThat(reader.readLong()).isEqualTo(7);
        }

        @Test
        void ofSensibleLengthOnlyAreSkipped() {
            for (var length : List.of("0000000000000001", "ffffffffffffffff")) {
                assertThatThrownBy(() -> reader(length).readClipped("text", 10)).isInstanceOf(ProtocolException.class);
                assertThatThrownBy(() -> reader(length).readPieces("text", 10, (_, _) -> {}))
                        .isInstanceOf(ProtocolException.class);
            }
        }

        @Test
        void ofLargeAnnouncedSizeAreNotAllocatedInAdvance() {
            var limits = new Limits(Long.MAX_VALUE, 10, Long.MAX_VALUE);

            assertThatThrownBy(() -> reader("f7ffff7f00000000 61", limits).readByteString("log"))
                    .isInstanceOf(EOFException.class);
            assertThatThrownBy(() -> reader("0000000001000000 61", limits).readByteString("log"))
                    .isInstanceOf(ProtocolException.class);
        }

        @Test
        void largerThanTheBufferSurvive() {
            Seeds.run(20, random -> {
                var content = new byte[random.nextInt(3_000_000)];
                random.nextBytes(content);
                try {
                    var bytes = written(out ->
                            out.writeByteString(ByteString.copyOf(content)).writeText("end"));
                    var reader = new WireReader(new Trickle(new ByteArrayInputStream(bytes), random, 100_000));

                    assertThat(reader.readByteString("content")).isEqualTo(ByteString.wrap(content));
                    assertThat(reader.readText("end")).isEqualTo("end");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }

        @Test
        void namesAreAscii() throws IOException {
            var umlaut = written(out -> out.writeText("\u00e4"));

            assertThat(new WireReader(new ByteArrayInputStream(umlaut)).readText("text"))
                    .isEqualTo("\u00e4");
            assertThatThrownBy(() -> new WireReader(new ByteArrayInputStream(umlaut)).readName("name"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("name has bytes beyond ASCII");
        }
    }

    @Nested
    class Lists {
        @Test
        void overTheLimitAreRefusedBeforeTheyArrive() {
            assertThatThrownBy(() ->
                            reader("0b00000000000000", new Limits(10, 10, 1000)).readTexts("paths"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("paths of 11 elements is over the limit of 10");
            assertThatThrownBy(() -> reader("ffffffffffffffff").readTexts("paths"))
                    .isInstanceOf(ProtocolException.class);
        }

        @Test
        void ofLargeAnnouncedCountAreNotAllocatedInAdvance() {
            var limits = new Limits(10, Long.MAX_VALUE, 1000);

            assertThatThrownBy(() -> reader("ffffff7f00000000", limits).readTexts("paths"))
                    .isInstanceOf(EOFException.class);
            assertThatThrownBy(() -> reader("0000000001000000", limits).readTexts("paths"))
                    .isInstanceOf(IOException.class);
        }

        @Test
        void ofEmptyStringsCountTowardsTheMessage() {
            var limits = new Limits(10, 1000, 64);

            assertThatThrownBy(() ->
                            reader("0300000000000000" + "00".repeat(24), limits).readTexts("paths"))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("paths makes the message larger than the limit of 64 bytes");
        }

        @Test
        void ofLaterMessagesCountAnew() throws IOException {
            var reader = reader("00".repeat(24), new Limits(10, 10, 64));
            for (int i = 0; i < 3; i++) {
                reader.beginMessage();
                assertThat(reader.readText("text")).isEmpty();
            }
        }

        @Test
        void mayHaveTheSameElementTwice() throws IOException {
            var bytes = written(out -> out.writeTexts(List.of("b", "a", "b")));

            assertThat(new WireReader(new ByteArrayInputStream(bytes)).readTexts("names"))
                    .containsExactly("a", "b");
        }
    }

    @Test
    void storePathsAreFullPathsOfTheStore() throws IOException {
        var bytes = written(out -> out.writeStorePath(STORE, FOO)
                .writeOptionalStorePath(STORE, Optional.empty())
                .writeOptionalStorePath(STORE, Optional.of(FOO_BAR))
                .writeStorePaths(STORE, List.of(FOO, FOO_BAR)));
        var reader = new WireReader(new ByteArrayInputStream(bytes));

        assertThat(reader.readStorePath(STORE, "path")).isEqualTo(FOO);
        assertThat(reader.readOptionalStorePath(STORE, "path")).isEmpty();
        assertThat(reader.readOptionalStorePath(STORE, "path")).hasValue(FOO_BAR);
        assertThat(reader.readStorePaths(STORE, "paths")).containsExactly(FOO, FOO_BAR);
        assertThatThrownBy(() -> new WireReader(new ByteArrayInputStream(bytes))
                        .readStorePath(new StoreDir("/gnu/store"), "deriver"))
                .isInstanceOf(ProtocolException.class)
                .hasMessageStartingWith("deriver: '/nix/store/")
                .hasMessageEndingWith("it lies elsewhere");
    }

    @Test
    void everyPrefixEndsInEof() throws IOException {
        var bytes = written(out -> out.writeLong(3)
                .writeText("hello")
                .writeStorePaths(STORE, List.of(FOO, FOO_BAR))
                .writeBool(true));
        for (int length = 0; length < bytes.length; length++) {
            var reader = new WireReader(new ByteArrayInputStream(bytes, 0, length));
            assertThatThrownBy(() -> {
                        reader.readLong();
                        reader.readText("text");
                        reader.readStorePaths(STORE, "paths");
                        reader.readBool();
                    })
                    .isInstanceOf(EOFException.class);
        }
    }

    @Test
    void smallBuffersReadTheSame() {
        Seeds.run(100, random -> {
            var texts = new ArrayList<String>();
            for (int i = random.nextInt(20); i >= 0; i--) texts.add("x".repeat(random.nextInt(40)));
            try {
                var bytes = written(out -> out.writeTexts(texts).writeLong(7));
                var reader = new WireReader(
                        new Trickle(new ByteArrayInputStream(bytes), random, 20),
                        Limits.DEFAULT,
                        random.nextInt(8, 40));

                assertThat(reader.readList("texts", () -> reader.readText("text")))
                        .isEqualTo(texts);
                assertThat(reader.readLong()).isEqualTo(7);
                assertThat(reader.readLongOrEnd()).isEmpty();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void consumerTakesWhatItWants() throws IOException {
        var reader = reader("0102030405");

        assertThat(reader.consume((bytes, offset, length) -> {
                    assertThat(bytes[offset]).isEqualTo((byte) 1);
                    assertThat(length).isEqualTo(5);
                    return 2;
                }))
                .isEqualTo(2);
        var rest = new byte[3];
        reader.readFully(rest, 0, 3);
        assertThat(rest).containsExactly(3, 4, 5);
        assertThat(reader.consume((_, _, _) -> 0)).isEqualTo(-1);
    }

    @Test
    void consumerCannotTakeMoreThanThereIs() {
        assertThatThrownBy(() -> reader("01").consume((_, _, _) -> 2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /// Nix's own test data of both protocols: read, compared, and written again.
    @Nested
    class ValuesOfNix {
        private WireReader vector(String name) {
            return new WireReader(new ByteArrayInputStream(NixVectors.bytes("common-protocol/" + name + ".bin")));
        }

        private byte[] bytes(String name) {
            return NixVectors.bytes("common-protocol/" + name + ".bin");
        }

        @Test
        void strings() throws IOException {
            var reader = vector("string");
            var texts = new ArrayList<String>();
            while (reader.awaitInput()) texts.add(reader.readText("text"));

            assertThat(texts)
                    .startsWith("", "hi", "white rabbit", "\u5927\u767d\u5154")
                    .hasSize(5);
            assertThat(written(out -> {
                        for (var text : texts) out.writeText(text);
                    }))
                    .isEqualTo(bytes("string"));
        }

        @Test
        void storePaths() throws IOException {
            var reader = vector("store-path");
            assertThat(reader.readStorePath(STORE, "path")).isEqualTo(FOO);
            assertThat(reader.readStorePath(STORE, "path")).isEqualTo(FOO_BAR);
            assertThat(reader.awaitInput()).isFalse();
            assertThat(written(out -> out.writeStorePath(STORE, FOO).writeStorePath(STORE, FOO_BAR)))
                    .isEqualTo(bytes("store-path"));
        }

        @Test
        void optionalStorePaths() throws IOException {
            var reader = vector("optional-store-path");
            assertThat(reader.readOptionalStorePath(STORE, "path")).isEmpty();
            assertThat(reader.readOptionalStorePath(STORE, "path")).hasValue(FOO_BAR);
            assertThat(written(out -> out.writeOptionalStorePath(STORE, Optional.empty())
                            .writeOptionalStorePath(STORE, Optional.of(FOO_BAR))))
                    .isEqualTo(bytes("optional-store-path"));
        }

        @Test
        void contentAddresses() throws IOException {
            var reader = vector("content-address");
            var addresses = new ArrayList<ContentAddress>();
            while (reader.awaitInput()) addresses.add(ContentAddress.parse(reader.readName("address")));

            assertThat(addresses.stream().map(address -> address.hash().sri()))
                    .containsExactly(
                            "sha256-+Xc9Ll6mcPltwaewrk/BAQ56Y3G5T//wzhKUc0zrYu0=",
                            "sha1-gGemBoenViNZM3hiwqns/Fgzqwo=",
                            "sha256-EMIJ+giQ/gLIWoxmPKjno3zHZrxbGymgzGGyZvZBIdM=");
            assertThat(addresses.stream().map(ContentAddress::method))
                    .containsExactly(ContentAddress.Method.TEXT, ContentAddress.Method.FLAT, ContentAddress.Method.NAR);
            assertThat(written(out -> {
                        for (var address : addresses) out.writeText(address.toString());
                    }))
                    .isEqualTo(bytes("content-address"));
        }

        @Test
        void setsAndLists() throws IOException {
            for (var name : List.of("set", "vector")) {
                var reader = vector(name);
                var lists = new ArrayList<List<String>>();
                for (int i = 0; i < 3; i++) lists.add(reader.readList("list", () -> reader.readText("text")));
                List<List<String>> nested =
                        reader.readList("lists", () -> reader.readList("list", () -> reader.readText("text")));

                assertThat(reader.awaitInput()).isFalse();
                assertThat(nested).hasSize(3);
                assertThat(written(out -> {
                            for (var list : lists) out.writeTexts(list);
                            out.writeLong(nested.size());
                            for (var list : nested) out.writeTexts(list);
                        }))
                        .isEqualTo(bytes(name));
            }
        }
    }
}
