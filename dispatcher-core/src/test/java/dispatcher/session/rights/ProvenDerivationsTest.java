package dispatcher.session.rights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.DerivationHash;
import dispatcher.nix.aterm.DerivationText;
import dispatcher.store.PathSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// What is read, and what is remembered, to prove derivations.
class ProvenDerivationsTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;

    private final ProvenInputs proven = new ProvenInputs();
    private final Files files = new Files();

    /// Paths in memory, and which of them have been read.
    private static final class Files implements PathSource {
        private final Map<StorePath, NarTree> trees = new HashMap<>();
        private final List<StorePath> read = new ArrayList<>();

        @Override
        public Optional<PathInfo> info(StorePath path) {
            return Optional.ofNullable(trees.get(path))
                    .map(tree -> PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of()));
        }

        @Override
        public Map<StorePath, PathInfo> infos(Collection<StorePath> paths) {
            var infos = new HashMap<StorePath, PathInfo>();
            for (var path : paths) info(path).ifPresent(info -> infos.put(path, info));
            return infos;
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) throws IOException {
            read.add(path);
            var tree = Optional.ofNullable(trees.get(path)).orElseThrow();
            var nar = tree.toNar();
            sink.write(nar, 0, nar.length);
            return new NarSummary(tree.narHash(), nar.length);
        }
    }

    private static Derivation derivation(DerivationOutput out, String variable, Collection<StorePath> inputs) {
        var drvs = new TreeMap<StorePath, InputOutputs>();
        for (var input : inputs) drvs.put(input, InputOutputs.of("out"));
        return new Derivation(
                new TreeMap<>(Map.of("out", out)),
                drvs,
                new TreeSet<>(),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>(Map.of(ByteString.of("out"), ByteString.of(variable))));
    }

    private Derivation parsed(StorePath drvPath) {
        var file = (NarTree.File) Optional.ofNullable(files.trees.get(drvPath)).orElseThrow();
        return DerivationText.parse(STORE, file.contents().toByteArray());
    }

    /// Puts a derivation's file there, and its output, as if that were built.
    private StorePath make(String name, String suffix, StorePath... inputs) {
        var deferred = derivation(new DerivationOutput.Deferred(), "", List.of(inputs));
        var out = Optional.ofNullable(new DerivationHash(STORE, this::parsed)
                        .outputPaths(name, deferred)
                        .get("out"))
                .orElseThrow();
        var made = derivation(new DerivationOutput.InputAddressed(out), STORE.print(out) + suffix, List.of(inputs));
        var drvPath = DerivationHash.derivationPath(STORE, name, made);
        files.trees.put(drvPath, NarTree.file(new String(DerivationText.print(STORE, made), StandardCharsets.UTF_8)));
        files.trees.put(out, NarTree.file("out of " + name));
        return drvPath;
    }

    private ProvenDerivations.Proven prove(StorePath drvPath) throws IOException, InterruptedException {
        return new ProvenDerivations(files, STORE, proven).prove(drvPath);
    }

    @Test
    void graphOfWhichEachDerivationIsBuiltCostsTheReadingOfEachFileOnce() throws Exception {
        var drvs = new ArrayList<StorePath>();
        for (int i = 0; i < 20; i++)
            drvs.add(make("n" + i, "", drvs.subList(Math.max(0, i - 2), i).toArray(StorePath[]::new)));
        for (var drv : drvs) assertThat(prove(drv).drvPath()).isEqualTo(drv);

        assertThat(files.read).containsExactlyElementsOf(drvs);
    }

    @Test
    void whatIsProvenWithWhatIsRememberedIsTheSame() throws Exception {
        var bottom = make("bottom", "");
        var middle = make("middle", "", bottom);
        var top = make("top", "", middle);
        var first = prove(top);
        files.read.clear();

        assertThat(prove(top)).isEqualTo(first);
        assertThat(files.read).containsExactly(top);
        assertThat(prove(middle)).isEqualTo(new ProvenDerivations(files, STORE, new ProvenInputs()).prove(middle));
    }

    @Test
    void fileOfTheDerivationItselfMustBeHereThoughItIsRemembered() throws Exception {
        var drv = make("x", "");
        prove(drv);
        files.trees.remove(drv);

        assertThatThrownBy(() -> prove(drv)).hasMessageContaining("its .drv file is not here");
    }

    @Test
    void whatIsNotProvenIsNotRemembered() throws Exception {
        var evil = make("x", "/evil");
        var top = make("top", "", evil);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> prove(evil)).hasMessageContaining("its environment variable out should be");
            assertThatThrownBy(() -> prove(top))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining(evil.baseName() + "' is not a valid derivation");
        }
        assertThat(proven.size()).isZero();
    }

    @Test
    void fileWithoutTheTextOfItsPathIsNotRemembered() throws Exception {
        var drv = make("x", "");
        var other = make("x", "", make("y", ""));
        files.trees.put(drv, Optional.ofNullable(files.trees.get(other)).orElseThrow());

        assertThatThrownBy(() -> prove(drv)).hasMessageContaining("does not have the text that belongs");
        assertThat(proven.of(drv)).isEmpty();
    }

    @Test
    void whatIsRememberedIsBounded() {
        var modulo = new DerivationHash.Modulo(new TreeMap<>(Map.of("out", Hash.sha256(new byte[0]))), false);
        var outputs = new TreeMap<String, DerivationOutput>();
        for (int i = 0; i < 100; i++) outputs.put("o" + i, new DerivationOutput.Deferred());
        for (int i = 0; i < 10_000; i++)
            proven.add(FakeStore.path("x" + i + ".drv"), new DerivationHash.Input(outputs, modulo));

        assertThat(proven.size()).isBetween(1L, 1000L);
    }
}
