package dispatcher.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationJson;
import dispatcher.nix.StoreDir;
import dispatcher.testkit.NixJson;
import dispatcher.testkit.ScriptedPeer;
import dispatcher.testkit.WireVectors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Values that both protocols have in all versions.
class CommonVectorsTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final WireVectors VECTORS = new WireVectors("common-protocol");

    /// Nix keeps copies of these fixtures with each protocol, where other tests deal with what is there beside them.
    @TestFactory
    Stream<DynamicTest> fixtures() {
        return VECTORS.both("string", in -> in.readText("string"), WireWriter::writeText, NixJson::text)
                .both(
                        "store-path",
                        in -> in.readStorePath(DIR, "path"),
                        (out, path) -> out.writeStorePath(DIR, path),
                        NixJson::storePath)
                .both(
                        "optional-store-path",
                        in -> in.readOptionalStorePath(DIR, "path"),
                        (out, path) -> out.writeOptionalStorePath(DIR, path),
                        json -> NixJson.optional(json, NixJson::storePath))
                .both(
                        "content-address",
                        in -> WireReader.parse("content address", in.readName("address"), ContentAddress::parse),
                        (out, address) -> out.writeText(address.toString()),
                        NixJson::contentAddress)
                .both(
                        "optional-content-address",
                        in -> WireReader.parse("address", in.readName("address"), ContentAddress::parseOptional),
                        CommonVectorsTest::writeOptional,
                        json -> NixJson.optional(json, NixJson::contentAddress))
                .both("drv-output", in -> in.readName("id"), WireWriter::writeText, NixJson::text)
                .both(
                        "realisation-with-deps",
                        CommonVectorsTest::readRealisation,
                        (out, realisation) -> out.writeText(RealisationJson.print(realisation)),
                        NixJson::realisation)
                // Its signatures are objects, as no released version writes them.
                .readOnly("realisation", CommonVectorsTest::readRealisation, NixJson::realisation)
                .test("set", "read and written", () -> lists("set", in -> in.readTexts("set")))
                .test("vector", "read and written", () -> lists("vector", in -> in.readList("list", () -> text(in))))
                .tests();
    }

    private static String text(WireReader in) throws IOException {
        return in.readText("element");
    }

    private static Realisation readRealisation(WireReader in) throws IOException {
        return WireReader.parse("realisation", in.readText("realisation"), RealisationJson::parse);
    }

    private static void writeOptional(WireWriter out, Optional<ContentAddress> address) throws IOException {
        out.writeText(address.map(ContentAddress::toString).orElse(""));
    }

    /// Three lists of strings, and one of lists of strings.
    private static void lists(String name, WireVectors.Decoder<? extends Collection<String>> list) throws IOException {
        var bytes = VECTORS.bytes(name);
        var json = NixJson.elements(VECTORS.json(name));
        var in = new WireReader(new ByteArrayInputStream(bytes));
        var lists = new ArrayList<Collection<String>>();
        for (int i = 0; i < 3; i++) lists.add(list.read(in));
        var nested = in.readList("lists", () -> list.read(in));

        assertThat(lists.stream().map(List::copyOf)).isEqualTo(texts(json.subList(0, 3)));
        assertThat(nested.stream().map(List::copyOf)).isEqualTo(texts(NixJson.elements(json.get(3))));
        assertThat(ScriptedPeer.bytes(out -> {
                    for (var texts : lists) out.writeTexts(texts);
                    out.writeLong(nested.size());
                    for (var texts : nested) out.writeTexts(texts);
                }))
                .isEqualTo(bytes);
    }

    private static List<List<String>> texts(List<JsonNode> lists) {
        return lists.stream()
                .map(list -> NixJson.elements(list).stream().map(NixJson::text).toList())
                .toList();
    }
}
