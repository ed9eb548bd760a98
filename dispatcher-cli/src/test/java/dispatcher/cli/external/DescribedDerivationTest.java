package dispatcher.cli.external;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescribedDerivationTest {
    private static final String OUT = "/nix/store/00000000000000000000000000000000-hello-1";
    private static final String INPUT = "/nix/store/11111111111111111111111111111111-input";

    @TempDir
    private Path temp;

    private final Map<String, String> environment = new TreeMap<>(Map.ofEntries(
            Map.entry("PATH", "/path-not-set"),
            Map.entry("HOME", "/homeless-shelter"),
            Map.entry("NIX_STORE", "/nix/store"),
            Map.entry("NIX_BUILD_CORES", "8"),
            Map.entry("NIX_BUILD_TOP", "/build"),
            Map.entry("TMPDIR", "/build"),
            Map.entry("TEMPDIR", "/build"),
            Map.entry("TMP", "/build"),
            Map.entry("TEMP", "/build"),
            Map.entry("PWD", "/build"),
            Map.entry("NIX_LOG_FD", "2"),
            Map.entry("TERM", "xterm-256color"),
            Map.entry("name", "hello-1"),
            Map.entry("out", OUT)));

    private Map<String, String> outputs = Map.of("out", OUT);

    private BuildDocument document() throws IOException {
        return read("/nix/store", 1);
    }

    private BuildDocument read(String realStoreDir, int version) throws IOException {
        var json = Json.object();
        json.put("version", version);
        json.put("builder", "/bin/sh");
        json.set("args", Json.texts(List.of("-c", "make")));
        json.put("topTmpDir", temp.toString());
        json.put("tmpDir", temp.toString());
        json.put("tmpDirInSandbox", "/build");
        json.put("storeDir", "/nix/store");
        json.put("realStoreDir", realStoreDir);
        json.put("system", "aarch64-linux");
        json.set("inputPaths", Json.texts(List.of(INPUT)));
        var variables = json.putObject("env");
        environment.forEach(variables::put);
        var paths = json.putObject("outputs");
        outputs.forEach(paths::put);
        var file = Files.writeString(temp.resolve("build.json"), Json.print(json));
        return BuildDocument.read(file, StoreDir.NIX_STORE);
    }

    private DescribedDerivation described() throws IOException {
        return DescribedDerivation.of(document(), StoreDir.NIX_STORE);
    }

    private static StorePath path(String text) {
        return StoreDir.NIX_STORE.parse(text);
    }

    private Map<String, String> variables() throws IOException {
        var variables = new TreeMap<String, String>();
        described().derivation().environment().forEach((name, value) -> variables.put(name.utf8(), value.utf8()));
        return variables;
    }

    @Test
    void whatNixAddsIsLeftToTheMachine() throws Exception {
        assertThat(variables()).containsOnly(Map.entry("name", "hello-1"), Map.entry("out", OUT));
    }

    @Test
    void variableThatTheDerivationSetsItselfStays() throws Exception {
        environment.put("PATH", INPUT + "/bin");
        environment.put("TERM", "dumb");

        assertThat(variables()).containsEntry("PATH", INPUT + "/bin").containsEntry("TERM", "dumb");
    }

    @Test
    void outputsAreMadeWhereNixExpectsThem() throws Exception {
        outputs = Map.of("out", OUT, "dev", OUT + "-dev");

        var described = described();

        assertThat(described.derivation().outputs())
                .containsOnly(
                        Map.entry("out", new DerivationOutput.InputAddressed(path(OUT))),
                        Map.entry("dev", new DerivationOutput.InputAddressed(path(OUT + "-dev"))));
        assertThat(described.restore())
                .containsOnly(Map.entry(path(OUT), path(OUT)), Map.entry(path(OUT + "-dev"), path(OUT + "-dev")));
        assertThat(described.derivation().inputSources()).containsExactly(path(INPUT));
        assertThat(described.derivation().platform()).isEqualTo("aarch64-linux");
        assertThat(described.drvPath().name()).isEqualTo("hello-1.drv");
    }

    @Test
    void derivationIsNamedAfterAnyOutput() throws Exception {
        outputs = Map.of("dev", OUT + "-dev");

        assertThat(described().drvPath().name()).isEqualTo("hello-1.drv");
    }

    /// So that equal builds are one, and an earlier result is found.
    @Test
    void equalDescriptionsAreOneDerivation() throws Exception {
        var first = described();

        assertThat(described()).isEqualTo(first);
        environment.put("salt", "1");
        assertThat(described().drvPath()).isNotEqualTo(first.drvPath());
    }

    @Test
    void variablesThatWerePutIntoFilesAreVariablesAgain() throws Exception {
        Files.writeString(temp.resolve(".attr-1x"), "long text");
        environment.put("passAsFile", "text other");
        environment.put("textPath", "/build/.attr-1x");
        environment.put("somePath", "/elsewhere");

        assertThat(variables())
                .containsEntry("text", "long text")
                .containsEntry("passAsFile", "text other")
                .containsEntry("somePath", "/elsewhere")
                .doesNotContainKey("textPath");
    }

    @Test
    void structuredAttributesAreAsTheDerivationHasThem() throws Exception {
        Files.writeString(
                temp.resolve(".attrs.json"),
                "{\"name\": \"hello-1\", \"n\": [1, 2], \"outputs\": {\"out\": \"%s\"}}".formatted(OUT));
        environment.remove("name");
        environment.put("NIX_ATTRS_JSON_FILE", "/build/.attrs.json");
        environment.put("NIX_ATTRS_SH_FILE", "/build/.attrs.sh");

        var json = variables();

        assertThat(json).doesNotContainKeys("NIX_ATTRS_JSON_FILE", "NIX_ATTRS_SH_FILE");
        assertThat(Json.parse(requireNonNull(json.get("__json"))))
                .isEqualTo(Json.parse("{\"name\": \"hello-1\", \"n\": [1, 2], \"outputs\": [\"out\"]}"));
    }

    @Test
    void fixedOutputStaysOneWhereverNixExpectsIt() throws Exception {
        environment.put("NIX_OUTPUT_CHECKED", "1");
        environment.put("outputHash", "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
        environment.put("outputHashAlgo", "");
        environment.put("outputHashMode", "recursive");

        var described = described();

        var output = described.derivation().outputs().get("out");
        assertThat(output).isInstanceOfSatisfying(DerivationOutput.Fixed.class, fixed -> {
            assertThat(fixed.methodText()).isEqualTo("r:sha256");
            assertThat(fixed.hash().sri()).isEqualTo(environment.get("outputHash"));
            assertThat(described.restore()).containsOnly(Map.entry(fixed.outPath(), path(OUT)));
        });
        assertThat(variables()).doesNotContainKey("NIX_OUTPUT_CHECKED");
    }

    @Test
    void otherStoresAndVersionsAreRefused() {
        assertThatExceptionOfType(CannotBuildException.class)
                .isThrownBy(() -> read("/mnt/nix/store", 1))
                .withMessageContaining("this store is at /mnt/nix/store and seen as /nix/store");
        assertThatExceptionOfType(CannotBuildException.class)
                .isThrownBy(() -> read("/nix/store", 2))
                .withMessageContaining("version 2");
    }

    @Test
    void documentThatIsNoneIsNamed() throws IOException {
        var file = Files.writeString(temp.resolve("x.json"), "{\"version\": 1}");

        assertThatExceptionOfType(CannotBuildException.class)
                .isThrownBy(() -> BuildDocument.read(file, StoreDir.NIX_STORE))
                .withMessage("%s is no description of a build: it has no 'storeDir'", file);
    }
}
