package dispatcher.store.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.wire.FalseAnswerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// What a machine may say of the outputs of a build, one rule at a time: a store with answers, and nothing else.
class OutputCheckTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final StorePath DRV = FakeStore.path("x.drv");
    private static final NarTree TREE = NarTree.file("what was built");

    private final FakeStore machine = new FakeStore();
    private final Map<StorePath, PathInfo> known = new HashMap<>();

    private static BasicDerivation derivation(Map<String, DerivationOutput> outputs, StorePath... inputs) {
        return derivation(outputs, Map.of(), inputs);
    }

    private static BasicDerivation derivation(
            Map<String, DerivationOutput> outputs, Map<String, String> environment, StorePath... inputs) {
        var variables = new TreeMap<ByteString, ByteString>();
        environment.forEach((name, value) -> variables.put(ByteString.of(name), ByteString.of(value)));
        return new BasicDerivation(
                new TreeMap<>(outputs), Set.of(inputs), "x86_64-linux", ByteString.of("/bin/sh"), List.of(), variables);
    }

    /// One output `out` whose path is known before the build.
    private static BasicDerivation addressedByInputs(StorePath... inputs) {
        return derivation(Map.of("out", new DerivationOutput.InputAddressed(FakeStore.path("x"))), inputs);
    }

    private OutputCheck.Checked check(BasicDerivation derivation, Map<String, StorePath> realised)
            throws IOException, InterruptedException {
        var realisations = new TreeMap<String, Realisation>();
        realised.forEach((name, path) -> realisations.put(name, Realisation.ofOutput(name, path)));
        return new OutputCheck(DIR, "m", DRV, derivation, machine, this::knownOf)
                .check(BuildResult.of(BuildStatus.BUILT, "").withOutputs(realisations));
    }

    private OutputCheck.Checked check(BasicDerivation derivation) throws IOException, InterruptedException {
        return check(derivation, Map.of());
    }

    private Map<StorePath, PathInfo> knownOf(Collection<StorePath> paths) {
        var infos = new HashMap<>(known);
        infos.keySet().retainAll(paths);
        return infos;
    }

    /// The machine has a path with this name, these references and the content [#TREE].
    private PathInfo has(String name, StorePath... references) {
        var info = FakeStore.info(name, TREE, references);
        machine.with(info, TREE);
        return info;
    }

    private static Hash sha256(String text) {
        return Hash.sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Hash narHash(NarTree tree) {
        return Hash.sha256(tree.toNar());
    }

    @Nested
    class Presence {
        @Test
        void outputThatIsThereIsHandedOutWithItsContent() throws Exception {
            var info = has("x");

            assertThat(check(addressedByInputs()).outputs())
                    .containsExactly(new BuiltOutput(info, Optional.of(ByteString.wrap(TREE.toNar()))));
        }

        @Test
        void outputThatIsMissingIsAFalseAnswer() {
            assertThatThrownBy(() -> check(addressedByInputs()))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessage("it says to have built %s, and does not have it", FakeStore.path("x"));
        }

        @Test
        void oneMissingOutputOfTwoIsAFalseAnswer() {
            has("x");
            var two = derivation(Map.of(
                    "out", new DerivationOutput.InputAddressed(FakeStore.path("x")),
                    "dev", new DerivationOutput.InputAddressed(FakeStore.path("x-dev"))));

            assertThatThrownBy(() -> check(two, Map.of("out", FakeStore.path("x"))))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("%s, and does not have it", FakeStore.path("x-dev"));
        }

        @Test
        void outputThatTheDerivationDoesNotHaveIsAFalseAnswer() {
            has("x");
            has("x-dev");

            assertThatThrownBy(() -> check(
                            addressedByInputs(), Map.of("out", FakeStore.path("x"), "dev", FakeStore.path("x-dev"))))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("the output 'dev', which the derivation does not have");
        }

        @Test
        void outputAtAnotherPathThanTheDerivationSaysIsAFalseAnswer() {
            has("x");
            has("y");

            assertThatThrownBy(() -> check(addressedByInputs(), Map.of("out", FakeStore.path("y"))))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining(
                            "is %s, and the derivation says %s", FakeStore.path("y"), FakeStore.path("x"));
        }

        @Test
        void outputWhosePathIsKnownAfterTheBuildHasTheNameOfTheDerivation() {
            has("y");
            var deferred = derivation(Map.of("out", new DerivationOutput.Deferred()));

            assertThatThrownBy(() -> check(deferred, Map.of("out", FakeStore.path("y"))))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("which has another name");
        }
    }

    @Nested
    class References {
        @Test
        void outputMayReferToItself() throws Exception {
            has("x", FakeStore.path("x"));

            assertThat(check(addressedByInputs()).outputs()).hasSize(1);
        }

        @Test
        void outputMayReferToAnotherOutput() throws Exception {
            has("x", FakeStore.path("x-dev"));
            has("x-dev");
            var two = derivation(Map.of(
                    "out", new DerivationOutput.InputAddressed(FakeStore.path("x")),
                    "dev", new DerivationOutput.InputAddressed(FakeStore.path("x-dev"))));

            assertThat(check(two).outputs()).hasSize(2);
        }

        @Test
        void outputMayReferToAnInput() throws Exception {
            has("x", FakeStore.path("source"));

            assertThat(check(addressedByInputs(FakeStore.path("source"))).outputs())
                    .hasSize(1);
        }

        @Test
        void outputMayReferToTheClosureOfInputsAsOthersKnowIt() throws Exception {
            has("x", FakeStore.path("libc"));
            known.put(FakeStore.path("source"), FakeStore.info("source", TREE, FakeStore.path("lib")));
            known.put(FakeStore.path("lib"), FakeStore.info("lib", TREE, FakeStore.path("libc")));

            assertThat(check(addressedByInputs(FakeStore.path("source"))).outputs())
                    .hasSize(1);
        }

        @Test
        void outputMayReferToTheClosureOfInputsAsTheMachineKnowsIt() throws Exception {
            has("x", FakeStore.path("libc"));
            has("source", FakeStore.path("libc"));

            assertThat(check(addressedByInputs(FakeStore.path("source"))).outputs())
                    .hasSize(1);
        }

        @Test
        void outputThatRefersToAPathOutsideTheClosureIsAFalseAnswer() {
            has("x", FakeStore.path("source"), FakeStore.path("elsewhere"));
            has("source");
            has("elsewhere");

            assertThatThrownBy(() -> check(addressedByInputs(FakeStore.path("source"))))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining(
                            "refers to %s, which is neither an input nor an output", FakeStore.path("elsewhere"));
        }

        @Test
        void pathsThatABuildMadeByRecursiveNixAreHandedOutWithTheirClosure() throws Exception {
            has("x", FakeStore.path("made"));
            var made = has("made", FakeStore.path("below"), FakeStore.path("source"));
            var below = has("below");
            has("source");
            var recursive = derivation(
                    Map.of("out", new DerivationOutput.InputAddressed(FakeStore.path("x"))),
                    Map.of("requiredSystemFeatures", "recursive-nix"),
                    FakeStore.path("source"));

            assertThat(check(recursive).made()).extracting(BuiltOutput::info).containsExactlyInAnyOrder(made, below);
        }

        @Test
        void pathOfRecursiveNixThatIsNotThereIsAFalseAnswer() {
            has("x", FakeStore.path("made"));
            var recursive = derivation(
                    Map.of("out", new DerivationOutput.InputAddressed(FakeStore.path("x"))),
                    Map.of("requiredSystemFeatures", "recursive-nix"));

            assertThatThrownBy(() -> check(recursive))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("refers to %s, and does not have it", FakeStore.path("made"));
        }
    }

    @Nested
    class Content {
        private static final int LARGE = 128 * 1024;

        private void hasWrong(long size, NarTree content) {
            machine.with(PathInfo.of(FakeStore.path("x"), TREE.narHash(), size, List.of()), content);
        }

        @Test
        void narWithAnotherHashIsAFalseAnswer() {
            hasWrong(TREE.toNar().length, NarTree.file("what was bui1t"));

            assertThatThrownBy(() -> check(addressedByInputs()))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("the NAR of %s from m has the hash", FakeStore.path("x"))
                    .hasMessageContaining("nix-store --verify");
        }

        @Test
        void narThatIsShorterIsAFalseAnswer() {
            hasWrong(TREE.toNar().length + 8L, TREE);

            assertThatThrownBy(() -> check(addressedByInputs()))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining(
                            "has %d bytes, its path info says %d", TREE.toNar().length, TREE.toNar().length + 8);
        }

        @Test
        void narThatIsLongerIsAFalseAnswer() {
            hasWrong(TREE.toNar().length - 8L, TREE);

            assertThatThrownBy(() -> check(addressedByInputs()))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining(
                            "the NAR of %s has more than the %d bytes", FakeStore.path("x"), TREE.toNar().length - 8)
                    .hasMessageContaining("nix-store --verify");
        }

        @Test
        void narWithoutBytesIsAFalseAnswer() {
            hasWrong(0, TREE);

            assertThatThrownBy(() -> check(addressedByInputs()))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("has 0 bytes");
        }

        @Test
        void narLargerThanAnyDiskIsAFalseAnswer() {
            hasWrong(1L << 62, TREE);

            assertThatThrownBy(() -> check(addressedByInputs()))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("has %d bytes", 1L << 62);
        }

        @Test
        void largeOutputIsNotFetchedBeforeTheClientAsksForIt() throws Exception {
            var large = NarTree.file("x".repeat(LARGE));
            machine.with(FakeStore.info("x", large), large);

            assertThat(check(addressedByInputs()).outputs())
                    .singleElement()
                    .satisfies(output -> assertThat(output.nar()).isEmpty());
            assertThat(machine.journal()).noneMatch(call -> call.startsWith("narFromPath"));
        }
    }

    @Nested
    class FixedOutputs {
        private static DerivationOutput.Fixed fixed(Method method, Hash hash) {
            return new DerivationOutput.Fixed(
                    StorePaths.fixedOutput(DIR, "x", method, hash),
                    new MethodAlgorithm(method, hash.algorithm()),
                    hash);
        }

        private void has(DerivationOutput.Fixed output, NarTree tree, StorePath... references) {
            machine.with(PathInfo.of(output.outPath(), tree.narHash(), tree.toNar().length, List.of(references)), tree);
        }

        private OutputCheck.Checked checkFixed(DerivationOutput.Fixed output) throws IOException, InterruptedException {
            return check(derivation(Map.of("out", output)));
        }

        @Test
        void outputGetsTheContentAddressThatTheDerivationFixes() throws Exception {
            var output = fixed(Method.NAR, narHash(TREE));
            has(output, TREE);

            assertThat(checkFixed(output).outputs())
                    .singleElement()
                    .satisfies(built -> assertThat(built.info().contentAddress())
                            .contains(new ContentAddress(Method.NAR, narHash(TREE))));
        }

        @Test
        void narWithAnotherHashThanTheDerivationFixesIsAFalseAnswer() {
            var output = fixed(Method.NAR, sha256("something else"));
            has(output, TREE);

            assertThatThrownBy(() -> checkFixed(output))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("and the derivation fixes");
        }

        @Test
        void flatFileWithAnotherContentThanTheDerivationFixesIsAFalseAnswer() {
            var output = fixed(Method.FLAT, sha256("something else"));
            has(output, TREE);

            assertThatThrownBy(() -> checkFixed(output))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("does not have the address");
        }

        @Test
        void flatFileWithTheContentThatTheDerivationFixesIsRight() throws Exception {
            var output = fixed(Method.FLAT, sha256("what was built"));
            has(output, TREE);

            assertThat(checkFixed(output).outputs()).hasSize(1);
        }

        @Test
        void anotherContentAddressThanTheDerivationFixesIsAFalseAnswer() {
            var output = fixed(Method.FLAT, sha256("what was built"));
            var other = new ContentAddress(Method.NAR, narHash(TREE));
            machine.with(
                    PathInfo.of(output.outPath(), TREE.narHash(), TREE.toNar().length, List.of())
                            .withContentAddress(other),
                    TREE);

            assertThatThrownBy(() -> checkFixed(output))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("from which another path follows");
        }

        @Test
        void missingOutputIsNoFaultOfTheMachine() {
            var output = fixed(Method.NAR, narHash(TREE));

            assertThatThrownBy(() -> checkFixed(output))
                    .isInstanceOfSatisfying(
                            NoFixedOutputException.class,
                            e -> assertThat(e.isClaimed()).isTrue())
                    .hasMessageContaining("%s, and that is not valid there", output.outPath());
        }

        @Test
        void outputThatRefersToAPathIsNoFaultOfTheMachine() {
            var output = fixed(Method.NAR, narHash(TREE));
            has(output, TREE, FakeStore.path("source"));

            assertThatThrownBy(() -> checkFixed(output))
                    .isInstanceOfSatisfying(
                            NoFixedOutputException.class,
                            e -> assertThat(e.isClaimed()).isFalse())
                    .hasMessageContaining("which refers to %s", FakeStore.path("source"));
        }

        @Test
        void outputThatRefersToItselfIsNoFaultOfTheMachine() {
            var output = fixed(Method.NAR, narHash(TREE));
            has(output, TREE, output.outPath());

            assertThatThrownBy(() -> checkFixed(output))
                    .isInstanceOf(NoFixedOutputException.class)
                    .hasMessageContaining("which refers to %s", output.outPath());
        }

        @Test
        void outputAtAnotherPathIsNoFaultOfTheMachine() {
            var output = fixed(Method.NAR, narHash(TREE));
            has(output, TREE);

            assertThatThrownBy(() -> check(derivation(Map.of("out", output)), Map.of("out", FakeStore.path("x"))))
                    .isInstanceOf(NoFixedOutputException.class)
                    .hasMessageContaining("%s instead of %s", FakeStore.path("x"), output.outPath());
        }
    }

    @Nested
    class FloatingOutputs {
        private static final MethodAlgorithm NAR_SHA256 = new MethodAlgorithm(Method.NAR, HashAlgorithm.SHA256);

        /// The machine has built [#TREE], and says that it has this address.
        private StorePath has(ContentAddress address) {
            var path = StorePaths.of(DIR, "x", address, List.of(), false);
            machine.with(
                    PathInfo.of(path, TREE.narHash(), TREE.toNar().length, List.of())
                            .withContentAddress(address),
                    TREE);
            return path;
        }

        private OutputCheck.Checked checkFloating(MethodAlgorithm method, StorePath path)
                throws IOException, InterruptedException {
            return check(derivation(Map.of("out", new DerivationOutput.Floating(method))), Map.of("out", path));
        }

        @Test
        void outputWithTheAddressOfItsContentIsRight() throws Exception {
            var path = has(new ContentAddress(Method.NAR, narHash(TREE)));

            assertThat(checkFloating(NAR_SHA256, path).outputs())
                    .singleElement()
                    .satisfies(built -> assertThat(built.info().path()).isEqualTo(path));
        }

        @Test
        void addressThatIsNotTheHashOfTheNarIsAFalseAnswer() {
            var path = has(new ContentAddress(Method.NAR, sha256("something else")));

            assertThatThrownBy(() -> checkFloating(NAR_SHA256, path))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("and a NAR with the hash");
        }

        @Test
        void flatAddressThatIsNotTheHashOfTheContentIsAFalseAnswer() {
            var path = has(new ContentAddress(Method.FLAT, sha256("something else")));

            assertThatThrownBy(() -> checkFloating(new MethodAlgorithm(Method.FLAT, HashAlgorithm.SHA256), path))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("does not have the address");
        }

        @Test
        void addressByAnotherMethodThanTheDerivationAsksForIsAFalseAnswer() {
            var path = has(new ContentAddress(Method.FLAT, sha256("what was built")));

            assertThatThrownBy(() -> checkFloating(NAR_SHA256, path))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("and the derivation asks for one by");
        }

        @Test
        void outputWithoutAnAddressIsAFalseAnswer() {
            OutputCheckTest.this.has("x");

            assertThatThrownBy(() -> checkFloating(NAR_SHA256, FakeStore.path("x")))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("no content address");
        }

        @Test
        void outputThatTheResultLacksIsAFalseAnswer() {
            var path = has(new ContentAddress(Method.NAR, narHash(TREE)));
            var two = derivation(Map.of(
                    "out",
                    new DerivationOutput.Floating(NAR_SHA256),
                    "dev",
                    new DerivationOutput.Floating(NAR_SHA256)));

            assertThatThrownBy(() -> check(two, Map.of("out", path)))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessage("it says to have built %s, and does not say where the output 'dev' is", DRV);
        }

        @Test
        void resultWithoutAnyOutputIsAFalseAnswer() {
            for (var output : List.of(
                    new DerivationOutput.Floating(NAR_SHA256),
                    new DerivationOutput.Impure(NAR_SHA256),
                    new DerivationOutput.Deferred()))
                assertThatThrownBy(() -> check(derivation(Map.of("out", output))))
                        .as(output.toString())
                        .isInstanceOf(FalseAnswerException.class)
                        .hasMessageContaining("does not say where the output 'out' is");
        }

        @Test
        void pathThatDoesNotFollowFromTheAddressIsAFalseAnswer() {
            machine.with(
                    FakeStore.info("x", TREE).withContentAddress(new ContentAddress(Method.NAR, narHash(TREE))), TREE);

            assertThatThrownBy(() -> checkFloating(NAR_SHA256, FakeStore.path("x")))
                    .isInstanceOf(FalseAnswerException.class)
                    .hasMessageContaining("from which another path follows");
        }
    }
}
