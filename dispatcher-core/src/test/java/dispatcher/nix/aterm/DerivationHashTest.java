package dispatcher.nix.aterm;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.testkit.NixVectors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class DerivationHashTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final String HASH = "c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9";

    private static Derivation derivation(DerivationOutput output, Map<StorePath, InputOutputs> inputs) {
        var outputs = new TreeMap<String, DerivationOutput>();
        outputs.put("out", output);
        return new Derivation(
                outputs,
                new TreeMap<>(inputs),
                new TreeSet<>(),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
    }

    private static StorePath drv(int number) {
        return StorePath.of(HASH, number + ".drv");
    }

    /// Derivations that Nix 2.8 made, as files beside the project.
    @Nested
    class OfRealDerivations {
        private final Map<StorePath, Derivation> files = new HashMap<>();

        private Derivation load(String name) throws Exception {
            var path = StorePath.parse(name);
            var text = Files.readAllBytes(
                    NixVectors.shared("reference/drv-vectors").resolve(name));
            var derivation = DerivationText.parse(STORE, text);
            assertThat(DerivationText.print(STORE, derivation)).isEqualTo(text);
            assertThat(DerivationHash.derivationPath(STORE, path.derivationName(), derivation))
                    .isEqualTo(path);
            files.put(path, derivation);
            return derivation;
        }

        @Test
        void hashesAndPathsAreThoseOfNix() throws Exception {
            var fod = load("4rlzfczv3y5xadzajz5c42pz8hwzk7cf-fod.drv");
            var dep = load("li61kaayjsxazrymvvpmjkjap4ls37vc-dep.drv");
            var top = load("aga9pxind0p88ymq946h35j8lw8jabh9-top.drv");
            var hashes = new DerivationHash(STORE, path -> requireNonNull(files.get(path)));

            assertThat(hashes.unmasked(fod).output("out").base16())
                    .isEqualTo("1f4919988b37c5fd5a1461b1f6619130a9f64ea420ad14b04d50300cc06330fd");
            assertThat(hashes.masked(dep).output("dev").base16())
                    .isEqualTo("1caa439d8e550bf3d94c7a5c6dbf390d34e8298c3d3d41d924ed317e2f798d61");
            assertThat(hashes.unmasked(dep).output("out").base16())
                    .isEqualTo("3cd2ee90aa8cbd59638ce203fdbe5238a15e22b89a288e8c5c37ad950de159d2");
            assertThat(hashes.masked(top).output("out").base16())
                    .isEqualTo("1e5fe04fb896b66ed81d38c196684c9a7dca79125644520bca12f015a67ea242");
            for (var entry : files.entrySet()) {
                var paths = hashes.outputPaths(entry.getKey().derivationName(), entry.getValue());
                entry.getValue()
                        .outputs()
                        .forEach((name, output) -> assertThat(paths.get(name))
                                .isEqualTo(output.path().orElseThrow()));
            }
        }
    }

    @Nested
    class OfNixsOwnTests {
        private final Map<StorePath, Derivation> files = new HashMap<>();

        private Derivation load(String name) {
            var derivation = parse(name);
            files.put(
                    DerivationHash.derivationPath(STORE, name.substring(0, name.indexOf('-')), derivation), derivation);
            return derivation;
        }

        private Derivation parse(String name) {
            return DerivationText.parse(STORE, NixVectors.bytes("derivation/hash-modulo/" + name + ".drv"));
        }

        private Hash text(String name) {
            return Hash.sha256(NixVectors.bytes("derivation/hash-modulo/" + name + "-modulo.drv"));
        }

        @Test
        void hashesAreThoseOfTheTextsThere() {
            load("source-first");
            load("source-second");
            load("intermediate-first");
            load("intermediate-second");
            var hashes = new DerivationHash(STORE, path -> requireNonNull(files.get(path)));

            for (var name : List.of("intermediate-first", "intermediate-second", "parent-joined", "parent-split"))
                assertThat(hashes.masked(parse(name)).output("out")).as(name).isEqualTo(text(name));
        }

        @Test
        void fixedOutputWithAnotherPathIsFound() {
            var derivation = DerivationText.parse(STORE, NixVectors.bytes("derivation/bad-ca-fixed-path.drv"));
            var paths = new DerivationHash(STORE, _ -> derivation).outputPaths("fixed", derivation);

            assertThat(paths.get("out"))
                    .isNotEqualTo(requireNonNull(derivation.outputs().get("out"))
                            .path()
                            .orElseThrow());
        }
    }

    @Test
    void floatingInputsDeferThePath() {
        var floating = derivation(new DerivationOutput.Floating(MethodAlgorithm.parseDerivation("r:sha256")), Map.of());
        var above = derivation(new DerivationOutput.Deferred(), Map.of(drv(1), InputOutputs.of("out")));
        var hashes = new DerivationHash(STORE, _ -> floating);

        assertThat(hashes.masked(above).deferred()).isTrue();
        assertThat(hashes.outputPaths("above", above)).isEmpty();
    }

    @Test
    void impureDerivationsAreAllTheSame() {
        var impure = derivation(new DerivationOutput.Impure(MethodAlgorithm.parseDerivation("r:sha256")), Map.of());

        assertThat(new DerivationHash(STORE, _ -> impure).masked(impure).output("out"))
                .isEqualTo(Hash.sha256("impure".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void outputThatAnInputDoesNotHaveIsRefused() {
        var input = derivation(new DerivationOutput.Deferred(), Map.of());
        var above = derivation(new DerivationOutput.Deferred(), Map.of(drv(1), InputOutputs.of("dev")));

        assertThatThrownBy(() -> new DerivationHash(STORE, _ -> input).masked(above))
                .isInstanceOf(NixSyntaxException.class)
                .hasMessage("'dev' is not a known output of the derivation: it has out");
    }

    @Test
    void graphsInACircleAreRefused() {
        var circle = derivation(new DerivationOutput.Deferred(), Map.of(drv(1), InputOutputs.of("out")));

        assertThatThrownBy(() -> new DerivationHash(STORE, _ -> circle).masked(circle))
                .isInstanceOf(NixSyntaxException.class)
                .hasMessageContaining("it depends on itself");
    }

    @Test
    void chainsDeeperThanAStackAreHashed() {
        int depth = 20_000;
        var bottom = derivation(new DerivationOutput.Deferred(), Map.of());
        var hashes = new DerivationHash(STORE, path -> {
            int number = Integer.parseInt(path.derivationName());
            return number == depth
                    ? bottom
                    : derivation(new DerivationOutput.Deferred(), Map.of(drv(number + 1), InputOutputs.of("out")));
        });
        var top = derivation(new DerivationOutput.Deferred(), Map.of(drv(1), InputOutputs.of("out")));

        assertThat(hashes.outputPaths("top", top)).containsOnlyKeys("out");
    }

    @Test
    void diamondsAreHashedOnce() {
        var asked = new HashMap<StorePath, Integer>();
        var hashes = new DerivationHash(STORE, path -> {
            asked.merge(path, 1, Integer::sum);
            int number = Integer.parseInt(path.derivationName());
            return number >= 20
                    ? derivation(new DerivationOutput.Deferred(), Map.of())
                    : derivation(
                            new DerivationOutput.Deferred(),
                            Map.of(
                                    drv(number / 2 * 2 + 2),
                                    InputOutputs.of("out"),
                                    drv(number / 2 * 2 + 3),
                                    InputOutputs.of("out")));
        });
        var top = derivation(
                new DerivationOutput.Deferred(),
                Map.of(drv(1), InputOutputs.of("out"), drv(2), InputOutputs.of("out")));

        assertThat(hashes.masked(top).deferred()).isFalse();
        assertThat(asked.values()).allMatch(times -> times <= 4);
    }
}
