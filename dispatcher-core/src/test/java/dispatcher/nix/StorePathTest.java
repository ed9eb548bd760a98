package dispatcher.nix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class StorePathTest {
    private static final String HASH = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q";

    @Test
    void partsOfAPath() {
        var path = StorePath.parse(HASH + "-hello-2.12.drv");

        assertThat(path.hashPart()).isEqualTo(HASH);
        assertThat(path.name()).isEqualTo("hello-2.12.drv");
        assertThat(path.isDerivation()).isTrue();
        assertThat(path.derivationName()).isEqualTo("hello-2.12");
        assertThat(StorePath.of(HASH, "hello-2.12.drv")).isEqualTo(path);
    }

    @Test
    void namesOfAllAllowedCharsAreTaken() {
        for (var name : List.of("a", "a+b-._?=Z9", ".x", "..x", "...", "-", "x".repeat(211)))
            assertThat(StorePath.of(HASH, name).name()).isEqualTo(name);
    }

    @Test
    void wrongNamesAreRefusedWithTheirPosition() {
        refused(HASH + "-a b", "at position 34: one of");
        refused(HASH + "-a/b", "at position 34: one of");
        refused(HASH + "-\u00e4", "at position 33: one of");
        refused(HASH + "-a\0", "a\\x00' is not");
        refused(HASH + "-.", "at position 33: no name");
        refused(HASH + "-..", "at position 33: no name");
        refused(HASH + "-.-a", "at position 33: no name");
        refused(HASH + "-..-a", "at position 33: no name");
        refused(HASH + "-", "32 digits");
        refused(HASH + "-" + "x".repeat(212), "1 to 211 chars, not 212");
        refused(HASH + "_x", "at position 32: a dash");
        refused("e" + HASH.substring(1) + "-x", "at position 0: a digit of");
        refused("", "32 digits");
    }

    private static void refused(String text, String fault) {
        assertThatThrownBy(() -> StorePath.parse(text))
                .as(text)
                .isInstanceOf(NixSyntaxException.class)
                .hasMessageContaining(fault);
    }

    @Test
    void directoryIsAddedAndTakenOff() {
        var path = StorePath.of(HASH, "x");

        assertThat(StoreDir.NIX_STORE.print(path)).isEqualTo("/nix/store/" + HASH + "-x");
        assertThat(StoreDir.NIX_STORE.parse("/nix/store/" + HASH + "-x")).isEqualTo(path);
        for (var text : List.of(
                "",
                "/nix/store",
                "/nix/store/",
                HASH + "-x",
                "/nix/storex/" + HASH + "-x",
                "/nix//store/" + HASH + "-x",
                "/nix/store//" + HASH + "-x",
                "/nix/store/" + HASH + "-x/",
                "/nix/store/" + HASH + "-x/bin",
                "/nix/store/../store/" + HASH + "-x",
                "/gnu/store/" + HASH + "-x"))
            assertThatThrownBy(() -> StoreDir.NIX_STORE.parse(text)).as(text).isInstanceOf(NixSyntaxException.class);
        for (var dir : List.of("", "nix/store", "/nix/store/", "/nix//store", "/"))
            assertThatThrownBy(() -> new StoreDir(dir)).as(dir).isInstanceOf(NixSyntaxException.class);
    }

    @Nested
    class DerivedPaths {
        private static final StoreDir STORE = StoreDir.NIX_STORE;
        private static final String DRV = "/nix/store/" + HASH + "-x.drv";
        private static final StorePath PATH = StorePath.of(HASH, "x.drv");

        private static DerivedPath built(String... outputs) {
            return new DerivedPath.Built(PATH, new TreeSet<>(List.of(outputs)));
        }

        @Test
        void newFormTellsFilesFromOutputs() {
            assertThat(DerivedPath.parse(STORE, DRV)).isEqualTo(new DerivedPath.Opaque(PATH));
            assertThat(DerivedPath.parse(STORE, DRV + "!*")).isEqualTo(built());
            assertThat(DerivedPath.parse(STORE, DRV + "!out")).isEqualTo(built("out"));
            assertThat(DerivedPath.parse(STORE, DRV + "!out,dev")).isEqualTo(built("dev", "out"));
            for (var text : List.of(DRV, DRV + "!*", DRV + "!dev,out"))
                assertThat(DerivedPath.parse(STORE, text).print(STORE)).isEqualTo(text);
        }

        @Test
        void oldFormTakesADerivationForItsOutputs() {
            assertThat(DerivedPath.parseLegacy(STORE, DRV)).isEqualTo(built());
            assertThat(DerivedPath.parseLegacy(STORE, DRV + "!out")).isEqualTo(built("out"));
            assertThat(DerivedPath.parseLegacy(STORE, "/nix/store/" + HASH + "-x"))
                    .isEqualTo(new DerivedPath.Opaque(StorePath.of(HASH, "x")));
            assertThat(built().printLegacy(STORE)).isEqualTo(DRV);
            assertThat(built("dev", "out").printLegacy(STORE)).isEqualTo(DRV + "!dev,out");
        }

        @Test
        void wrongTextsAreRefused() {
            for (var text :
                    List.of("", "!", DRV + "!", DRV + "!a,", DRV + "!a,,b", DRV + "!a b", DRV + "!out!*", "x!out"))
                assertThatThrownBy(() -> DerivedPath.parse(STORE, text))
                        .as(text)
                        .isInstanceOf(NixSyntaxException.class);
        }
    }

    @Nested
    class Outputs {
        private static final StoreDir STORE = StoreDir.NIX_STORE;
        private static final String PATH = "/nix/store/" + HASH + "-x";
        private static final String DIGEST = "0".repeat(64);

        @Test
        void everyKindIsReadAsItIsWritten() {
            for (var texts : List.of(
                    List.of(PATH, "", ""),
                    List.of(PATH, "sha256", DIGEST),
                    List.of(PATH, "r:sha256", DIGEST),
                    List.of("", "r:sha256", ""),
                    List.of("", "", ""),
                    List.of("", "text:sha256", "impure"))) {
                var output = DerivationOutput.parse(STORE, texts.get(0), texts.get(1), texts.get(2));
                assertThat(List.of(output.path().map(STORE::print).orElse(""), output.methodText(), output.hashText()))
                        .isEqualTo(texts);
            }
        }

        @Test
        void mixturesAreRefused() {
            for (var texts : List.of(
                    List.of(PATH, "", DIGEST),
                    List.of("", "", DIGEST),
                    List.of(PATH, "sha256", ""),
                    List.of(PATH, "sha256", "impure"),
                    List.of("", "sha256", DIGEST),
                    List.of("", "sha257", ""),
                    List.of(PATH, "sha256", "00")))
                assertThatThrownBy(() -> DerivationOutput.parse(STORE, texts.get(0), texts.get(1), texts.get(2)))
                        .as(texts.toString())
                        .isInstanceOf(NixSyntaxException.class);
        }
    }
}
