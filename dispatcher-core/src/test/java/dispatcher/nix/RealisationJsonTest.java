package dispatcher.nix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.json.Json;
import dispatcher.testkit.NixVectors;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RealisationJsonTest {
    private static final String ID = "sha256:15e3c560894cbb27085cf65b5a2ecb18488c999497f4531b6907a7581ce6d527!baz";
    private static final StorePath FOO = StorePath.parse("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo");

    @Test
    void realisationIsPrintedAsNixSignsIt() {
        var signatures = new TreeSet<String>();
        signatures.add("key:AAAA");
        var dependencies = new TreeMap<String, StorePath>();
        dependencies.put(ID, FOO);

        assertThat(RealisationJson.print(new Realisation(RealisationId.parse(ID), FOO, signatures, dependencies)))
                .isEqualTo(
                        "{\"dependentRealisations\":{\"" + ID + "\":\"g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo\"},\"id\":\""
                                + ID
                                + "\",\"outPath\":\"g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo\",\"signatures\":[\"key:AAAA\"]}");
    }

    /// Nix 2.35 and later, `UnkeyedRealisation::fingerprint`.
    @Test
    void realisationByPathIsSignedAsNewerNixSignsIt() {
        var drvPath = StorePath.parse("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv");
        var realisation = Realisation.unsigned(new RealisationId.OfPath(drvPath, "baz"), FOO)
                .withSignatures(new TreeSet<>(Set.of("key:AAAA")));

        assertThat(RealisationJson.fingerprint(realisation))
                .isEqualTo("{\"key\":{\"drvPath\":\"g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv\",\"outputName\":\"baz\"},"
                        + "\"value\":{\"outPath\":\"g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo\"}}");
        assertThat(RealisationJson.parse(RealisationJson.print(realisation))).isEqualTo(realisation);
    }

    /// Nix 2.34, `UnkeyedRealisation::fingerprint`.
    @Test
    void realisationByHashIsSignedWithoutSignatures() {
        var realisation =
                Realisation.unsigned(RealisationId.parse(ID), FOO).withSignatures(new TreeSet<>(Set.of("key:AAAA")));

        assertThat(RealisationJson.fingerprint(realisation))
                .isEqualTo("{\"dependentRealisations\":{},\"id\":\"" + ID
                        + "\",\"outPath\":\"g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo\"}");
    }

    @Test
    void printedRealisationIsReadAgain() {
        var realisation = Realisation.ofOutput("out", FOO);

        assertThat(RealisationJson.parse(RealisationJson.print(realisation))).isEqualTo(realisation);
    }

    @Test
    void membersThatOldVersionsLackAreEmpty() {
        var realisation =
                RealisationJson.parse("{\"id\":\"%s\",\"outPath\":\"%s\",\"more\":1}".formatted(ID, FOO.baseName()));

        assertThat(realisation.signatures()).isEmpty();
        assertThat(realisation.dependentRealisations()).isEmpty();
        assertThat(realisation.outputName()).isEqualTo("baz");
    }

    @Test
    void valuesOfNixAreRead() {
        for (var name : new String[] {"realisation.json", "realisation-with-deps.json"}) {
            var list = Json.parse(NixVectors.bytes("common-protocol/" + name));
            for (var value : list) {
                var realisation = RealisationJson.parse(Json.print(value));
                assertThat(realisation.id()).hasToString(ID);
                assertThat(realisation.outPath()).isEqualTo(FOO);
                if (!Json.print(value).contains("keyName"))
                    assertThat(RealisationJson.print(realisation)).isEqualTo(Json.print(value));
            }
        }
    }

    @Test
    void wrongTextsAreRefusedWithTheirFault() {
        refused("", "it is not JSON: at position 0");
        refused("[]", "an object expected");
        refused("{}", "it has no 'id'");
        refused("{\"id\":1}", "'id' is not a string");
        refused("{\"id\":\"x\",\"outPath\":\"" + FOO + "\"}", "a hash, '!' and an output name");
        refused("{\"id\":\"%s\",\"outPath\":\"/nix/store/%s\"}".formatted(ID, FOO), "a digit of");
        refused(
                "{\"id\":\"%s\",\"outPath\":\"%s\",\"signatures\":{}}".formatted(ID, FOO),
                "'signatures' is not a list");
    }

    private static void refused(String text, String fault) {
        assertThatThrownBy(() -> RealisationJson.parse(text))
                .isInstanceOf(NixSyntaxException.class)
                .hasMessageContaining(fault);
    }
}
