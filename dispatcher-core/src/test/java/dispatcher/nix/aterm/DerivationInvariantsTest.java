package dispatcher.nix.aterm;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.nix.json.Json;
import dispatcher.testkit.NixJson;
import dispatcher.testkit.NixVectors;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class DerivationInvariantsTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final String SOMEWHERE = "/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-somewhere";
    private static final Hash CONTENT = Hash.sha256("content".getBytes(StandardCharsets.UTF_8));
    private static final MethodAlgorithm FLAT = new MethodAlgorithm(Method.FLAT, HashAlgorithm.SHA256);

    private final Map<StorePath, Derivation> files = new HashMap<>();

    private Optional<String> objection(String name, Derivation derivation) {
        return DerivationHash.strict(STORE, path -> requireNonNull(files.get(path)), DerivationHash.Memory.NONE)
                .objection(name, derivation);
    }

    private static Derivation derivation(
            Map<String, DerivationOutput> outputs, Map<String, String> environment, StorePath... inputs) {
        var drvs = new TreeMap<StorePath, InputOutputs>();
        for (var input : inputs) drvs.put(input, InputOutputs.of("out"));
        var variables = new TreeMap<ByteString, ByteString>();
        environment.forEach((key, value) -> variables.put(ByteString.of(key), ByteString.of(value)));
        return new Derivation(
                new TreeMap<>(outputs),
                drvs,
                new TreeSet<>(),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                variables);
    }

    /// As Nix makes it from what it does not know the output paths of yet.
    private Derivation filledIn(String name, Derivation deferred) {
        var paths = new DerivationHash(STORE, path -> requireNonNull(files.get(path))).outputPaths(name, deferred);
        var outputs = new TreeMap<String, DerivationOutput>();
        var environment = new TreeMap<>(deferred.environment());
        paths.forEach((output, path) -> {
            outputs.put(output, new DerivationOutput.InputAddressed(path));
            environment.put(ByteString.of(output), ByteString.of(STORE.print(path)));
        });
        return new Derivation(
                outputs,
                deferred.inputDerivations(),
                deferred.inputSources(),
                deferred.platform(),
                deferred.builder(),
                deferred.arguments(),
                environment);
    }

    private static Derivation with(Derivation derivation, String variable, String value) {
        var environment = new TreeMap<>(derivation.environment());
        environment.put(ByteString.of(variable), ByteString.of(value));
        return with(derivation, environment);
    }

    private static Derivation without(Derivation derivation, String variable) {
        var environment = new TreeMap<>(derivation.environment());
        environment.remove(ByteString.of(variable));
        return with(derivation, environment);
    }

    private static Derivation with(Derivation derivation, SortedMap<ByteString, ByteString> environment) {
        return new Derivation(
                derivation.outputs(),
                derivation.inputDerivations(),
                derivation.inputSources(),
                derivation.platform(),
                derivation.builder(),
                derivation.arguments(),
                environment);
    }

    private StorePath file(String name, Derivation derivation) {
        var path = DerivationHash.derivationPath(STORE, name, derivation);
        files.put(path, derivation);
        return path;
    }

    private static DerivationOutput fixed(String name) {
        return new DerivationOutput.Fixed(StorePaths.fixedOutput(STORE, name, Method.FLAT, CONTENT), FLAT, CONTENT);
    }

    private static DerivationOutput floating(String method) {
        return new DerivationOutput.Floating(MethodAlgorithm.parseDerivation(method));
    }

    private static final DerivationOutput DEFERRED = new DerivationOutput.Deferred();

    @Nested
    class OfInputAddressed {
        private final Derivation two =
                filledIn("x", derivation(Map.of("out", DEFERRED, "dev", DEFERRED), Map.of("out", "", "dev", "")));
        private final String dev =
                STORE.print(requireNonNull(two.outputs().get("dev")).path().orElseThrow());

        @Test
        void whatNixMakesIsAsItShouldBe() {
            assertThat(objection("x", two)).isEmpty();
        }

        @Test
        void variableOfEachOutputIsItsPath() {
            assertThat(objection("x", with(two, "dev", dev + "/evil")))
                    .contains("its environment variable dev should be '%s', and is '%s/evil'".formatted(dev, dev));
        }

        @Test
        void anotherWayToWriteThePathIsAnotherValue() {
            for (var value : List.of(dev + "/", "/" + dev, dev + "\n", " " + dev, dev.substring(1)))
                assertThat(objection("x", with(two, "dev", value))).as(value).isPresent();
        }

        @Test
        void variableIsThere() {
            assertThat(objection("x", without(filledIn("x", without(two, "dev")), "dev")))
                    .hasValueSatisfying(objection -> assertThat(objection).contains("variable dev is missing"));
        }

        @Test
        void pathFollowsFromTheDerivation() {
            var said = new TreeMap<>(two.outputs());
            said.put("dev", new DerivationOutput.InputAddressed(STORE.parse(SOMEWHERE)));
            assertThat(objection("x", derivation(said, Map.of("out", "", "dev", SOMEWHERE))))
                    .hasValueSatisfying(objection ->
                            assertThat(objection).contains("output dev should be", "is said to be c015dhfh"));
        }

        @Test
        void nameIsThatOfTheFile() {
            assertThat(objection("y", two)).isPresent();
        }

        /// Structured attributes are no reason not to have the variables.
        @Test
        void variablesAreThereBesideStructuredAttributes() {
            var structured = filledIn(
                    "x", derivation(Map.of("out", DEFERRED), Map.of("__json", "{\"outputs\":[\"out\"]}", "out", "")));
            assertThat(objection("x", structured)).isEmpty();
            assertThat(objection("x", with(structured, "out", "/evil"))).isPresent();
        }

        /// Or else the structured attributes themselves would be left out of the hash.
        @Test
        void outputThatIsNamedAsTheStructuredAttributesLeavesNoRoomForThem() {
            var named = filledIn("x", derivation(Map.of("__json", DEFERRED), Map.of("__json", "")));
            assertThat(objection("x", with(named, "__json", "{}"))).isPresent();
        }

        @Test
        void longValueIsShownInPart() {
            assertThat(objection("x", with(two, "dev", "\u001b" + "x".repeat(1_000_000))))
                    .hasValueSatisfying(objection ->
                            assertThat(objection).hasSizeLessThan(400).doesNotContain("\u001b"));
        }

        @Test
        void inputsAreAsTheyShouldBe() {
            var dep = file("x", with(two, "out", "/evil"));
            var top = derivation(Map.of("out", DEFERRED), Map.of("out", ""), dep);
            assertThatThrownBy(() -> objection("top", top))
                    .isInstanceOf(NixSyntaxException.class)
                    .hasMessageContaining(dep.baseName() + "' is not a valid derivation: its environment variable out");
        }

        @Test
        void inputsOfInputsAreAsTheyShouldBe() {
            var fixed = derivation(Map.of("out", fixed("src")), Map.of("out", "/evil"));
            var dep = file("dep", derivation(Map.of("out", DEFERRED), Map.of("out", ""), file("src", fixed)));
            var top = derivation(Map.of("out", DEFERRED), Map.of("out", ""), dep);
            assertThatThrownBy(() -> objection("top", top)).hasMessageContaining("-src.drv' is not a valid");
        }
    }

    @Nested
    class OfFixed {
        private final Derivation source = derivation(
                Map.of("out", fixed("src")),
                Map.of("out", STORE.print(fixed("src").path().orElseThrow())));

        @Test
        void whatNixMakesIsAsItShouldBe() {
            assertThat(objection("src", source)).isEmpty();
        }

        @Test
        void variableIsThePath() {
            assertThat(objection("src", with(source, "out", "/evil"))).isPresent();
            assertThat(objection("src", without(source, "out"))).isPresent();
        }

        @Test
        void pathFollowsFromTheContentWhateverTheMethod() {
            for (var method : List.of("sha256", "r:sha256", "md5", "sha1", "r:sha512", "text:sha256", "git:sha1")) {
                var parsed = MethodAlgorithm.parseDerivation(method);
                var hash = Hash.parse(
                        parsed.algorithm(), "0".repeat(parsed.algorithm().size() * 2));
                var path = StorePaths.fixedOutput(STORE, "src", parsed.method(), hash);
                assertThat(objection(
                                "src",
                                derivation(
                                        Map.of("out", new DerivationOutput.Fixed(path, parsed, hash)),
                                        Map.of("out", STORE.print(path)))))
                        .as(method)
                        .isEmpty();
                assertThat(objection(
                                "src",
                                derivation(
                                        Map.of("out", new DerivationOutput.Fixed(STORE.parse(SOMEWHERE), parsed, hash)),
                                        Map.of("out", SOMEWHERE))))
                        .as(method)
                        .hasValueSatisfying(objection -> assertThat(objection).contains("output out should be"));
            }
        }

        @Test
        void textHasASha256() {
            var method = MethodAlgorithm.parseDerivation("text:sha1");
            var hash = Hash.parse(HashAlgorithm.SHA1, "0".repeat(40));
            var output = new DerivationOutput.Fixed(STORE.parse(SOMEWHERE), method, hash);
            assertThatThrownBy(() -> objection("src", derivation(Map.of("out", output), Map.of())))
                    .isInstanceOf(NixSyntaxException.class)
                    .hasMessageContaining("SHA-256 only");
        }

        @Test
        void onlyOneOutputIsFixedAndItIsNamedOut() {
            var dev = Map.of("dev", fixed("src-dev"));
            assertThat(objection("src", derivation(dev, Map.of())))
                    .contains("it fixes dev, and a derivation can fix only one output, which is named out");
            var both = Map.of("out", fixed("src"), "dev", fixed("src-dev"));
            assertThat(objection("src", derivation(both, Map.of())))
                    .hasValueSatisfying(objection -> assertThat(objection).contains("it fixes dev, out"));
        }
    }

    @Nested
    class OfOthers {
        @Test
        void variableOfAFloatingOutputIsThePlaceholderOrMissing() {
            var outputs = Map.of("out", floating("r:sha256"));
            var placeholder = "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9";
            assertThat(objection("x", derivation(outputs, Map.of("out", placeholder))))
                    .isEmpty();
            assertThat(objection("x", derivation(outputs, Map.of()))).isEmpty();
            for (var value : List.of("", "/evil", StorePaths.placeholder("dev")))
                assertThat(objection("x", derivation(outputs, Map.of("out", value))))
                        .as(value)
                        .contains("its environment variable out should be '%s', and is '%s'"
                                .formatted(placeholder, value));
        }

        @Test
        void impureOutputsMayHaveAnything() {
            var impure = new DerivationOutput.Impure(MethodAlgorithm.parseDerivation("r:sha256"));
            assertThat(objection("x", derivation(Map.of("out", impure), Map.of("out", "/any"))))
                    .isEmpty();
        }

        @Test
        void pathIsDeferredJustIfAnInputsPathIsNotKnown() {
            var dep = file("dep", derivation(Map.of("out", floating("r:sha256")), Map.of()));
            var deferred = derivation(Map.of("out", DEFERRED), Map.of("out", ""), dep);
            assertThat(objection("x", deferred)).isEmpty();
            assertThat(objection("x", derivation(Map.of("out", DEFERRED), Map.of("out", ""))))
                    .hasValueSatisfying(objection -> assertThat(objection).contains("is deferred, and should be"));
            var said = new DerivationOutput.InputAddressed(STORE.parse(SOMEWHERE));
            assertThat(objection("x", derivation(Map.of("out", said), Map.of("out", SOMEWHERE), dep)))
                    .hasValueSatisfying(objection -> assertThat(objection).contains("should be deferred"));
        }

        @Test
        void outputsAreOfOneKind() {
            var kinds = List.of(
                    fixed("x"),
                    floating("r:sha256"),
                    DEFERRED,
                    new DerivationOutput.InputAddressed(STORE.parse(SOMEWHERE)),
                    new DerivationOutput.Impure(MethodAlgorithm.parseDerivation("r:sha256")));
            for (var first : kinds)
                for (var second : kinds)
                    if (!first.equals(second))
                        assertThat(objection("x", derivation(Map.of("out", first, "dev", second), Map.of())))
                                .as("%s and %s", first, second)
                                .hasValueSatisfying(
                                        objection -> assertThat(objection).contains("are of several kinds"));
        }

        @Test
        void algorithmIsTheSameForAll() {
            var outputs = Map.of("out", floating("r:sha256"), "dev", floating("r:sha512"));
            assertThat(objection("x", derivation(outputs, Map.of())))
                    .contains("its outputs are hashed by several algorithms, sha256 and sha512, and should be by one");
            var methods = Map.of("out", floating("r:sha256"), "dev", floating("sha256"));
            assertThat(objection("x", derivation(methods, Map.of()))).isEmpty();
        }

        @Test
        void thereAreOutputs() {
            assertThat(objection("x", derivation(Map.of(), Map.of()))).contains("it has no outputs");
        }
    }

    /// Nix's own test data, in version 4 of its JSON.
    @Nested
    class OfNixsOwnTests {
        private Derivation load(String name) throws Exception {
            var json = Json.parse(NixVectors.bytes("derivation/invariants/" + name + ".json"));
            var outputs = new TreeMap<String, DerivationOutput>();
            json.path("outputs").forEachEntry((output, value) -> outputs.put(output, output(value)));
            var inputs = json.path("inputs")
                    .path("drvs")
                    .propertyStream()
                    .map(Map.Entry::getKey)
                    .map(StorePath::parse)
                    .toArray(StorePath[]::new);
            var environment = new TreeMap<String, String>();
            json.path("env").forEachEntry((key, value) -> environment.put(key, NixJson.text(value)));
            return derivation(outputs, environment, inputs);
        }

        private static DerivationOutput output(JsonNode json) {
            return json.optional("path")
                    .<DerivationOutput>map(
                            path -> new DerivationOutput.InputAddressed(StorePath.parse(NixJson.text(path))))
                    .orElse(DEFERRED);
        }

        private static String derivationName(String file) {
            return file.replaceAll("-(pre|post)$", "").replace("filled-in-idempotent", "filled-in-already");
        }

        @TestFactory
        Stream<DynamicTest> derivationsThatNixMakesAreAsTheyShouldBe() {
            return Stream.of("filled-in-idempotent", "filled-in-deferred-empty-env-var-post")
                    .map(name -> DynamicTest.dynamicTest(
                            name,
                            () -> assertThat(objection(derivationName(name), load(name)))
                                    .isEmpty()));
        }

        @TestFactory
        Stream<DynamicTest> derivationsThatNixRefusesOrFillsInAreNot() {
            return Stream.of(
                            "bad-path",
                            "bad-env-var",
                            "filled-in-deferred-empty-env-var-pre",
                            "filled-in-deferred-no-env-var-pre")
                    .map(name -> DynamicTest.dynamicTest(
                            name,
                            () -> assertThat(objection(derivationName(name), load(name)))
                                    .isPresent()));
        }

        @Test
        void whatDependsOnAFloatingOutputIsDeferred() throws Exception {
            var deferred = load("depends-on-drv-pre");
            var said = load("bad-depends-on-drv-pre");
            // The dependency of Nix's test has an empty variable, which is not taken from a client.
            files.put(
                    deferred.inputDerivations().firstKey(), derivation(Map.of("out", floating("r:sha256")), Map.of()));
            assertThat(objection("depends-on-drv", deferred)).isEmpty();
            assertThat(objection("depends-on-drv", said))
                    .hasValueSatisfying(objection -> assertThat(objection).contains("should be deferred"));
        }

        @Test
        void sourcesAreAsTheyShouldBe() {
            for (var name : List.of("source-first", "source-second")) {
                assertThat(objection("source", DerivationText.parse(STORE, bytes(name))))
                        .as(name)
                        .isEmpty();
            }
        }

        /// Their paths are those of derivations without the variables, which were put in afterwards.
        @Test
        void variableThatWasMissingWhenThePathWasMadeIsFound() throws Exception {
            var post = load("filled-in-deferred-no-env-var-post");
            var pre = load("filled-in-deferred-no-env-var-pre");
            assertThat(filledIn("filled-in-deferred-no-env-var", pre)).isEqualTo(post);
            assertThat(objection("filled-in-deferred-no-env-var", post)).isPresent();
            for (var name : List.of("intermediate-first", "intermediate-second")) {
                for (var source : List.of("source-first", "source-second"))
                    file("source", DerivationText.parse(STORE, bytes(source)));
                assertThat(objection("intermediate", DerivationText.parse(STORE, bytes(name))))
                        .as(name)
                        .isPresent();
            }
        }

        private static byte[] bytes(String name) {
            return NixVectors.bytes("derivation/hash-modulo/" + name + ".drv");
        }

        @Test
        void derivationsWithAllAttributesAreAsTheyShouldBe() {
            for (var folder : List.of("ca", "ia"))
                for (var name :
                        List.of("advanced-attributes-defaults", "advanced-attributes-structured-attrs-defaults")) {
                    var text = NixVectors.bytes("derivation/" + folder + "/" + name + ".drv");
                    var derivation = DerivationText.parse(STORE, text);
                    assertThat(objection(name, derivation)).as(folder + name).isEmpty();
                }
        }

        @Test
        void fixedOutputWithAnotherPathIsFound() {
            var derivation = DerivationText.parse(STORE, NixVectors.bytes("derivation/bad-ca-fixed-path.drv"));
            assertThat(objection("fixed", derivation))
                    .hasValueSatisfying(objection -> assertThat(objection).contains("output out should be"));
        }
    }
}
