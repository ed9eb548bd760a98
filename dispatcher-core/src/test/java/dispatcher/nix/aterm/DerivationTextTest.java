package dispatcher.nix.aterm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.testkit.NixVectors;
import dispatcher.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class DerivationTextTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final String HASH = "c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9";
    private static final String FULL = "Derive([(\"out\",\"/nix/store/H-x\",\"\",\"\")],".replace("H", HASH)
            + "[(\"/nix/store/H-a.drv\",[\"dev\",\"out\"])],[\"/nix/store/H-s\"],".replace("H", HASH)
            + "\"x86_64-linux\",\"/bin/sh\",[\"-c\",\"a\\nb\"],[(\"k\",\"q\\\"b\\\\n\\nt\\tr\\r$x\")])";

    private static Derivation parse(String text) {
        return DerivationText.parse(STORE, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String print(Derivation derivation) {
        return new String(DerivationText.print(STORE, derivation), StandardCharsets.UTF_8);
    }

    @Test
    void everyPartIsRead() {
        var derivation = parse(FULL);

        assertThat(derivation.outputs())
                .containsExactly(Map.entry("out", new DerivationOutput.InputAddressed(StorePath.of(HASH, "x"))));
        assertThat(derivation.inputDerivations())
                .containsExactly(Map.entry(StorePath.of(HASH, "a.drv"), InputOutputs.of("dev", "out")));
        assertThat(derivation.inputSources()).containsExactly(StorePath.of(HASH, "s"));
        assertThat(derivation.platform()).isEqualTo("x86_64-linux");
        assertThat(derivation.builder()).isEqualTo(ByteString.of("/bin/sh"));
        assertThat(derivation.arguments()).containsExactly(ByteString.of("-c"), ByteString.of("a\nb"));
        assertThat(derivation.environment())
                .containsExactly(Map.entry(ByteString.of("k"), ByteString.of("q\"b\\n\nt\tr\r$x")));
        assertThat(derivation.references())
                .containsExactlyInAnyOrder(StorePath.of(HASH, "a.drv"), StorePath.of(HASH, "s"));
        assertThat(print(derivation)).isEqualTo(FULL);
    }

    @Test
    void builderGetsAllButTheInputDerivations() {
        var basic = parse(FULL).toBasic();

        assertThat(basic.inputSources()).containsExactly(StorePath.of(HASH, "s"));
        assertThat(basic.environment()).isEqualTo(parse(FULL).environment());
    }

    @Test
    void bytesThatAreNoTextSurvive() {
        var text = FULL.replace("\"-c\"", "\"\u00ff\"").getBytes(StandardCharsets.ISO_8859_1);

        assertThat(DerivationText.print(STORE, DerivationText.parse(STORE, text)))
                .isEqualTo(text);
    }

    @Test
    void orderAndNeedlessEscapesAreTakenAndPrintedRight() {
        var text = FULL.replace("[\"dev\",\"out\"]", "[\"out\",\"dev\"]").replace("\"k\"", "\"\\k\"");

        assertThat(print(parse(text))).isEqualTo(FULL);
    }

    @Test
    void everyPrefixIsRefused() {
        for (int length = 0; length < FULL.length(); length++) {
            var part = FULL.substring(0, length);
            assertThatThrownBy(() -> parse(part)).isInstanceOf(NixSyntaxException.class);
        }
    }

    @Test
    void whatIsPrintedIsReadAgain() {
        Seeds.run(300, random -> {
            var derivation = random(random);
            var text = DerivationText.print(STORE, derivation);
            assertThat(DerivationText.parse(STORE, text)).isEqualTo(derivation);
        });
    }

    @Test
    void changedTextIsRefusedOrAnotherDerivation() {
        Seeds.run(300, random -> {
            var text = DerivationText.print(STORE, random(random));
            text[random.nextInt(text.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                var again = DerivationText.print(STORE, DerivationText.parse(STORE, text));
                assertThat(DerivationText.print(STORE, DerivationText.parse(STORE, again)))
                        .isEqualTo(again);
            } catch (NixSyntaxException e) {
                assertThat(e).hasMessageContaining("is not a derivation: at byte ");
            }
        });
    }

    static Derivation random(RandomGenerator random) {
        var outputs = new TreeMap<String, DerivationOutput>();
        for (int i = random.nextInt(3); i >= 0; i--) outputs.put(name(random), output(random));
        var inputs = new TreeMap<StorePath, InputOutputs>();
        for (int i = random.nextInt(3); i > 0; i--)
            inputs.put(path(random, name(random) + ".drv"), inputOutputs(random, 2));
        var sources = new TreeSet<StorePath>();
        for (int i = random.nextInt(3); i > 0; i--) sources.add(path(random, name(random)));
        var arguments = new ArrayList<ByteString>();
        for (int i = random.nextInt(3); i > 0; i--) arguments.add(bytes(random));
        var environment = new TreeMap<ByteString, ByteString>();
        for (int i = random.nextInt(3); i > 0; i--) environment.put(bytes(random), bytes(random));
        return new Derivation(outputs, inputs, sources, "x86_64-linux", bytes(random), arguments, environment);
    }

    private static DerivationOutput output(RandomGenerator random) {
        var method = MethodAlgorithm.parseDerivation(random.nextBoolean() ? "r:sha256" : "sha256");
        return switch (random.nextInt(5)) {
            case 0 -> new DerivationOutput.InputAddressed(path(random, "x"));
            case 1 -> new DerivationOutput.Floating(method);
            case 2 -> new DerivationOutput.Impure(method);
            case 3 ->
                new DerivationOutput.Fixed(
                        path(random, "f"),
                        method,
                        dispatcher.nix.Hash.sha256(bytes(random).toByteArray()));
            default -> new DerivationOutput.Deferred();
        };
    }

    private static InputOutputs inputOutputs(RandomGenerator random, int depth) {
        var below = new TreeMap<String, InputOutputs>();
        if (depth > 0 && random.nextInt(4) == 0) below.put(name(random), inputOutputs(random, depth - 1));
        return new InputOutputs(new TreeSet<>(List.of(name(random))), below);
    }

    private static StorePath path(RandomGenerator random, String name) {
        var hash = new byte[20];
        random.nextBytes(hash);
        return StorePath.of(dispatcher.nix.Nix32.encode(hash), name);
    }

    private static String name(RandomGenerator random) {
        return "n" + random.nextInt(1000);
    }

    private static ByteString bytes(RandomGenerator random) {
        var bytes = new byte[random.nextInt(12)];
        random.nextBytes(bytes);
        return ByteString.wrap(bytes);
    }

    @TestFactory
    Stream<DynamicTest> textsOfNixComeOutAsTheyWentIn() {
        return Stream.of("derivation", "derivation/ca", "derivation/ia", "derivation/hash-modulo")
                .flatMap(folder -> NixVectors.list(folder, ".drv").stream())
                .filter(file -> !file.contains("/bad-") && !file.endsWith("-modulo.drv"))
                .map(file -> dynamicTest(file, () -> {
                    var text = withoutNewline(NixVectors.bytes(file));
                    var printed = DerivationText.print(STORE, DerivationText.parse(STORE, text));
                    // Where the hashes were replaced, the text is not sorted as Nix writes it.
                    if (latin1(text).contains("/" + "a".repeat(32))) {
                        Arrays.sort(text);
                        Arrays.sort(printed);
                    }
                    assertThat(latin1(printed)).isEqualTo(latin1(text));
                }));
    }

    private static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @TestFactory
    Stream<DynamicTest> textsOfNixMeanWhatItsJsonSays() {
        return Stream.of("derivation", "derivation/ca", "derivation/ia", "derivation/hash-modulo")
                .flatMap(folder -> NixVectors.list(folder, ".drv").stream())
                .filter(file -> NixVectors.list(file.substring(0, file.lastIndexOf('/')), ".json")
                        .contains(file.replace(".drv", ".json")))
                .map(file -> dynamicTest(file, () -> {
                    var json = (ObjectNode) Json.parse(NixVectors.bytes(file.replace(".drv", ".json")));
                    json.optional("structuredAttrs")
                            .ifPresent(attributes ->
                                    ((ObjectNode) json.path("env")).put("__json", Json.print(attributes)));
                    assertThat((Object) json(DerivationText.parse(STORE, withoutNewline(NixVectors.bytes(file)))))
                            .isEqualTo(json.retain("args", "builder", "env", "inputs", "outputs", "system"));
                }));
    }

    @Test
    void textsThatNixRefusesAreRefused() {
        for (var name : new String[] {"bad-old-version-dyn-deps.drv", "bad-version.drv"}) {
            var text = NixVectors.bytes("derivation/" + name);
            assertThatThrownBy(() -> DerivationText.parse(STORE, text)).isInstanceOf(NixSyntaxException.class);
        }
    }

    private static byte[] withoutNewline(byte[] text) {
        return text[text.length - 1] == '\n' ? Arrays.copyOf(text, text.length - 1) : text;
    }

    /// The form of version 4 of Nix's own JSON.
    private static JsonNode json(Derivation derivation) {
        var json = Json.object();
        json.set("args", texts(derivation.arguments().stream().map(ByteString::utf8)));
        json.put("builder", derivation.builder().utf8());
        var env = json.putObject("env");
        derivation.environment().forEach((key, value) -> env.put(key.utf8(), value.utf8()));
        var inputs = json.putObject("inputs");
        var drvs = inputs.putObject("drvs");
        derivation.inputDerivations().forEach((path, outputs) -> drvs.set(path.baseName(), json(outputs)));
        inputs.set("srcs", texts(derivation.inputSources().stream().map(StorePath::baseName)));
        var outputs = json.putObject("outputs");
        derivation.outputs().forEach((name, output) -> outputs.set(name, json(output)));
        return json.put("system", derivation.platform());
    }

    private static JsonNode texts(Stream<String> texts) {
        return Json.texts(texts.toList());
    }

    private static JsonNode json(InputOutputs outputs) {
        var json = Json.object();
        json.set("outputs", texts(outputs.names().stream()));
        var below = json.putObject("dynamicOutputs");
        outputs.dynamic().forEach((name, more) -> below.set(name, json(more)));
        return json;
    }

    private static JsonNode json(DerivationOutput output) {
        var json = Json.object();
        return switch (output) {
            case DerivationOutput.InputAddressed(var path) -> json.put("path", path.baseName());
            case DerivationOutput.Fixed fixed ->
                json.put("hash", fixed.hash().sri()).put("method", method(fixed.method()));
            case DerivationOutput.Floating(var method) ->
                json.put("hashAlgo", method.algorithm().nixName()).put("method", method(method));
            case DerivationOutput.Deferred _ -> json;
            case DerivationOutput.Impure(var method) ->
                json.put("hashAlgo", method.algorithm().nixName())
                        .put("method", method(method))
                        .put("impure", true);
        };
    }

    private static String method(MethodAlgorithm method) {
        return switch (method.method()) {
            case FLAT -> "flat";
            case NAR -> "nar";
            case GIT -> "git";
            case TEXT -> "text";
        };
    }

    @Nested
    class Refuses {
        private void refused(String from, String to, String fault) {
            assertThat(FULL).contains(from);
            assertThatThrownBy(() -> parse(FULL.replace(from, to)))
                    .isInstanceOf(NixSyntaxException.class)
                    .hasMessageContaining(fault);
        }

        @Test
        void whatIsNoDerivation() {
            refused("Derive(", "derive(", "at byte 0: 'Derive(' expected");
            refused("Derive(", "DrvWithVersion(\"2\",", "at byte 15: version '2' is not known");
        }

        @Test
        void missingCommasAndBlanks() {
            refused("\"dev\",\"out\"", "\"dev\"\"out\"", "',' or ']' expected");
            refused("\"dev\",\"out\"", "\"dev\", \"out\"", "'\"' expected");
            refused("\"dev\",\"out\"", "\"dev\",", "'\"' expected");
        }

        @Test
        void textAfterTheEnd() {
            refused("$x\")])", "$x\")])\n", "the derivation is over, but the text is not");
        }

        @Test
        void pathsOfOtherStores() {
            refused("/nix/store/" + HASH + "-s", "/gnu/store/" + HASH + "-s", "it lies elsewhere");
            refused("/nix/store/" + HASH + "-s", "/nix/store/x", "32 digits");
        }

        @Test
        void inputsThatAreNoDerivations() {
            refused("-a.drv", "-a.txt", "is not the path of a derivation");
        }

        @Test
        void twins() {
            refused("[(\"k\",", "[(\"k\",\"\"),(\"k\",", "the variable 'k' is there twice");
        }

        @Test
        void namesWithEscapesOrBeyondAscii() {
            refused("x86_64-linux", "x86_64\\\\linux", "a printable ASCII character expected");
            refused("x86_64-linux", "x86_64\u00e4", "a printable ASCII character expected");
        }

        @Test
        void outputsOfNoKind() {
            refused("-x\",\"\",\"\"", "-x\",\"\",\"00\"", "a hash without an algorithm");
            refused("-x\",\"\",\"\"", "-x\",\"sha257\",\"\"", "one of md5");
        }
    }
}
