package dispatcher.nix.attributes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.DerivationText;
import dispatcher.nix.json.Json;
import dispatcher.testkit.NixVectors;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class DerivationAttributesTest {
    private static final DerivationOutput KNOWN =
            new DerivationOutput.InputAddressed(StorePath.parse("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo"));

    private static DerivationAttributes of(DerivationOutput output, Map<String, String> environment) {
        var outputs = new TreeMap<String, DerivationOutput>();
        outputs.put("out", output);
        var variables = new TreeMap<ByteString, ByteString>();
        environment.forEach((key, value) -> variables.put(ByteString.of(key), ByteString.of(value)));
        return DerivationAttributes.of(new BasicDerivation(
                outputs, new TreeSet<>(), "x86_64-linux", ByteString.of("/bin/sh"), List.of(), variables));
    }

    private static DerivationAttributes of(Map<String, String> environment) {
        return of(KNOWN, environment);
    }

    @Test
    void nothingSaidIsTheDefault() {
        var attributes = of(Map.of());

        assertThat(attributes.requiredSystemFeatures()).isEmpty();
        assertThat(attributes.preferLocalBuild()).isFalse();
        assertThat(attributes.allowSubstitutes()).isTrue();
        assertThat(attributes.structured()).isFalse();
    }

    @Test
    void listsAreSeparatedByAnyBlanks() {
        assertThat(of(Map.of("requiredSystemFeatures", " kvm\tbig-parallel\n kvm "))
                        .requiredSystemFeatures())
                .containsExactly("big-parallel", "kvm");
    }

    @Test
    void onlyOneIsTrue() {
        assertThat(of(Map.of("preferLocalBuild", "1")).preferLocalBuild()).isTrue();
        for (var value : List.of("", "0", "true", "1 "))
            assertThat(of(Map.of("preferLocalBuild", value)).preferLocalBuild()).isFalse();
        assertThat(of(Map.of("allowSubstitutes", "")).allowSubstitutes()).isFalse();
    }

    @Test
    void structuredAttributesAreReadFromJsonAlone() {
        var attributes = of(Map.of(
                "__json", "{\"requiredSystemFeatures\":[\"kvm\"],\"preferLocalBuild\":true}",
                "requiredSystemFeatures", "nixos-test",
                "allowSubstitutes", ""));

        assertThat(attributes.structured()).isTrue();
        assertThat(attributes.requiredSystemFeatures()).containsExactly("kvm");
        assertThat(attributes.preferLocalBuild()).isTrue();
        assertThat(attributes.allowSubstitutes()).isTrue();
    }

    @Test
    void pathsThatAreNotKnownNeedAFeature() {
        var method = MethodAlgorithm.parseDerivation("r:sha256");
        for (var output : List.of(
                new DerivationOutput.Floating(method),
                new DerivationOutput.Deferred(),
                new DerivationOutput.Impure(method)))
            assertThat(of(output, Map.of("requiredSystemFeatures", "kvm")).requiredSystemFeatures())
                    .containsExactly("ca-derivations", "kvm");
    }

    @Test
    void valuesOfTheWrongTypeAreRefused() {
        for (var json : List.of(
                "{\"requiredSystemFeatures\":\"kvm\"}",
                "{\"requiredSystemFeatures\":[1]}",
                "{\"preferLocalBuild\":\"1\"}",
                "{\"__sandboxProfile\":[]}",
                "[]",
                "{")) assertThatThrownBy(() -> of(Map.of("__json", json))).isInstanceOf(NixSyntaxException.class);
    }

    @Test
    @Tag("slow")
    void structuredAttributesOfManyMegabytesAreRead() {
        var large = "\"text\":\"" + "x\\\"}".repeat(3 << 20) + "\",\"list\":["
                + "{\"a\":[1,\"]\",null]},".repeat(1 << 19) + "-1.5e3]";
        var attributes = of(Map.of(
                "__json",
                "{ \"requiredSystemFeatures\" : [\"nixos-test\"], " + large
                        + " , \"preferLocalBuild\":true, \"requiredSystemFeatures\":[\"kvm\"],\"memory\":{} } "));

        assertThat(attributes.structured()).isTrue();
        assertThat(attributes.requiredSystemFeatures()).containsExactly("kvm");
        assertThat(attributes.preferLocalBuild()).isTrue();
        for (var json : List.of(
                "{" + large,
                "[" + large + "]",
                "{" + large + ",\"preferLocalBuild\":\"1\"}",
                "{" + large + ",\"preferLocalBuild\":}",
                "{" + large + ",\"preferLocalBuild\":tru}",
                "{" + large + ",}",
                "{" + large + "} {}",
                "{\"passAsFile\":[\"" + "x".repeat(2 << 20) + "\"]}"))
            assertThatThrownBy(() -> of(Map.of("__json", json)))
                    .isInstanceOf(NixSyntaxException.class)
                    .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }

    @TestFactory
    Stream<DynamicTest> derivationsOfNixSayWhatItReadsFromThem() {
        return Map.of(
                        "ia/advanced-attributes", "ia/derivation-options/all_set",
                        "ia/advanced-attributes-defaults", "ia/derivation-options/defaults",
                        "ia/advanced-attributes-structured-attrs", "ia/derivation-options/structuredAttrs_all_set",
                        "ia/advanced-attributes-structured-attrs-defaults",
                                "ia/derivation-options/structuredAttrs_defaults",
                        "ca/advanced-attributes", "ca/derivation-options/all_set",
                        "ca/advanced-attributes-structured-attrs", "ca/derivation-options/structuredAttrs_all_set")
                .entrySet()
                .stream()
                .map(pair -> dynamicTest(pair.getKey(), () -> compare(pair.getKey(), pair.getValue())));
    }

    private static void compare(String drv, String options) {
        var attributes = DerivationAttributes.of(
                DerivationText.parse(StoreDir.NIX_STORE, NixVectors.bytes("derivation/" + drv + ".drv"))
                        .toBasic());
        var expected = Json.parse(NixVectors.bytes("derivation/" + options + ".json"));
        var features = new TreeSet<>(attributes.requiredSystemFeatures());
        features.remove(DerivationAttributes.CA_DERIVATIONS);
        var actual = Json.object()
                .put("preferLocalBuild", attributes.preferLocalBuild())
                .put("allowSubstitutes", attributes.allowSubstitutes())
                .put("noChroot", attributes.noChroot())
                .put("allowLocalNetworking", attributes.allowLocalNetworking())
                .put("additionalSandboxProfile", attributes.sandboxProfile());
        actual.set("requiredSystemFeatures", Json.texts(features));
        actual.set("impureHostDeps", Json.texts(attributes.impureHostDeps()));
        actual.set("impureEnvVars", Json.texts(attributes.impureEnvVars()));
        actual.set("passAsFile", Json.texts(attributes.passAsFile()));
        assertThat(expected.properties()).containsAll(actual.properties());
    }
}
