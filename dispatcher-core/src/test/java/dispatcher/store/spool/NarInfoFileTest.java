package dispatcher.store.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.nix.ContentAddress;
import dispatcher.nix.NarHash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class NarInfoFileTest {
    private static final String FULL = """
            StorePath: /nix/store/00000000000000000000000000000000-hello-2.12
            URL: nar/1b/1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s.nar
            Compression: none
            NarHash: sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s
            NarSize: 226560
            NarCrc32c: 0badcafe
            References: 00000000000000000000000000000000-hello-2.12 11111111111111111111111111111111-glibc
            Deriver: 22222222222222222222222222222222-hello-2.12.drv
            Sig: cache-1:AAAA
            Sig: other-1:BBBB
            CA: fixed:r:sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s
            """;
    private static final String HASH = "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s";
    private static final StorePath HELLO = StorePath.of("0".repeat(32), "hello-2.12");
    private static final PathInfo INFO = new PathInfo(
            HELLO,
            Optional.of(StorePath.of("2".repeat(32), "hello-2.12.drv")),
            NarHash.parse(HASH),
            new TreeSet<>(List.of(HELLO, StorePath.of("1".repeat(32), "glibc"))),
            Instant.EPOCH,
            226_560,
            false,
            new TreeSet<>(List.of("cache-1:AAAA", "other-1:BBBB")),
            Optional.of(ContentAddress.parse("fixed:r:" + HASH)));

    @Test
    void printsWhatBinaryCachesHave() {
        var url = "nar/1b/" + INFO.narHash().nix32() + ".nar";
        assertThat(new NarInfoFile(INFO, 0x0badcafe).print(url, StoreDir.NIX_STORE))
                .isEqualTo(FULL);
    }

    @Test
    void readsWhatItPrinted() {
        assertThat(NarInfoFile.parse(FULL, StoreDir.NIX_STORE)).isEqualTo(new NarInfoFile(INFO, 0x0badcafe));
    }

    @Test
    void readsAPathOfWhichLittleIsKnown() {
        var little = new NarInfoFile(PathInfo.of(HELLO, INFO.narHash(), 96, List.of()), -1);
        assertThat(NarInfoFile.parse(little.print("nar/x", StoreDir.NIX_STORE), StoreDir.NIX_STORE))
                .isEqualTo(little);
    }

    @Test
    void skipsKeysThatItDoesNotKnow() {
        assertThat(NarInfoFile.parse(FULL + "FileSize: 226560\n", StoreDir.NIX_STORE))
                .isEqualTo(new NarInfoFile(INFO, 0x0badcafe));
    }

    @Test
    void everyPrefixIsRefusedUnlessOnlyWholeOptionalLinesAreMissing() {
        for (int length = 0; length < FULL.length(); length++) {
            var prefix = FULL.substring(0, length);
            if (prefix.endsWith("\n") && prefix.contains("References")) continue;
            assertThatThrownBy(() -> NarInfoFile.parse(prefix, StoreDir.NIX_STORE))
                    .as("the first %d chars", length)
                    .isInstanceOf(NixSyntaxException.class);
        }
    }

    @TestFactory
    Stream<DynamicTest> refusesALineThatIsWrong() {
        return Stream.of(
                        "StorePath: /gnu/store/00000000000000000000000000000000-hello-2.12",
                        "StorePath: /nix/store/../etc/passwd",
                        "Compression: xz",
                        "NarHash: sha256:xyz",
                        "NarHash: md5:d41d8cd98f00b204e9800998ecf8427e",
                        "NarSize: 0",
                        "NarSize: -8",
                        "NarSize: many",
                        "NarCrc32c: -badcafe",
                        "NarCrc32c: 00badcafe",
                        "References: ../x",
                        "Deriver: /nix/store/22222222222222222222222222222222-hello-2.12.drv",
                        "CA: nonsense",
                        "URL")
                .map(line -> dynamicTest(line, () -> {
                    var key = line.split(":", 2)[0];
                    var text = FULL.replaceFirst("(?m)^" + key + ": .*$", line);
                    assertThatThrownBy(() -> NarInfoFile.parse(text, StoreDir.NIX_STORE))
                            .isInstanceOf(NixSyntaxException.class);
                }));
    }

    @Test
    void refusesAKeyThatComesTwice() {
        assertThatThrownBy(() -> NarInfoFile.parse(FULL + "NarSize: 226560\n", StoreDir.NIX_STORE))
                .isInstanceOf(NixSyntaxException.class)
                .hasMessageContaining("came before");
    }

    @Test
    void aSignatureCannotSmuggleALineIn() {
        var sly = new PathInfo(
                HELLO,
                Optional.empty(),
                INFO.narHash(),
                new TreeSet<>(),
                Instant.EPOCH,
                96,
                false,
                new TreeSet<>(List.of("x:y\nNarSize: 1")),
                Optional.empty());
        assertThatThrownBy(() -> new NarInfoFile(sly, 0).print("nar/x", StoreDir.NIX_STORE))
                .isInstanceOf(NixSyntaxException.class)
                .hasMessageContaining("control characters");
    }
}
