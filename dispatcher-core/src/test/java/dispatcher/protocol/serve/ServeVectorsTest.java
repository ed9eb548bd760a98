package dispatcher.protocol.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.RealisationCodec;
import dispatcher.store.BuildOptions;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryConnection;
import dispatcher.testkit.NixJson;
import dispatcher.testkit.ScriptedPeer;
import dispatcher.testkit.WireVectors;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The fixtures of Nix's own tests of the serve protocol. The minor version in a name is the first that has the
/// form.
class ServeVectorsTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    /// Path infos come without their path.
    private static final StorePath SOME = FakeStore.path("some");

    private static final StorePath DRV = FakeStore.path("some.drv");
    private static final RealisationId SOME_OUTPUT = new RealisationId.OfPath(DRV, "out");

    private final WireVectors vectors = new WireVectors("serve-protocol");

    @TestFactory
    Stream<DynamicTest> fixtures() {
        return vectors.both(
                        "build-result-2.2",
                        in -> codec(2).readBuildResult(in, DRV),
                        codec(2)::writeBuildResult,
                        NixJson::buildResult)
                .both(
                        "build-result-2.3",
                        in -> codec(3).readBuildResult(in, DRV),
                        codec(3)::writeBuildResult,
                        NixJson::buildResult)
                .both(
                        "build-result-2.6",
                        in -> codec(6).readBuildResult(in, DRV),
                        codec(6)::writeBuildResult,
                        NixJson::buildResult)
                // The realisations that newer servers make up for older clients lack members that ours have.
                .readOnly("build-result-2.7-compat", in -> codec(7).readBuildResult(in, DRV), NixJson::buildResult)
                .both(
                        "unkeyed-valid-path-info-2.4",
                        in -> codec(5).readUnkeyedPathInfo(in, SOME),
                        codec(5)::writeUnkeyedPathInfo,
                        json -> NixJson.pathInfo(json, SOME))
                // 2.3 has the five numbers that 2.5 and 2.6 have.
                .test("build-options-2.3", "refused, and read without its repeats", () -> buildOptions(5, "2.3"))
                .test("build-options-2.7", "refused, and read without its repeats", () -> buildOptions(7, "2.7"))
                .test("handshake-to-client", "understood", this::greetingOfAnOldServer)
                .notOurs("build-options-2.1", "before 2.5")
                .notOurs("build-options-2.2", "before 2.5")
                .notOurs("unkeyed-valid-path-info-2.3", "before 2.5: it has no NAR hash")
                .both(
                        "build-result-2.8",
                        in -> codec(8).readBuildResult(in, DRV),
                        codec(8)::writeBuildResult,
                        json -> NixJson.buildResult(json, name -> new RealisationId.OfPath(DRV, name)))
                .both(
                        "drv-output-2.8",
                        in -> RealisationCodec.readId(DIR, in),
                        (out, id) -> RealisationCodec.writeId(DIR, out, id),
                        NixJson::realisationId)
                .both(
                        "realisation-2.8",
                        in -> RealisationCodec.readValue(DIR, in, RealisationCodec.readId(DIR, in)),
                        ServeVectorsTest::writeRealisation,
                        NixJson::realisation)
                .both(
                        "unkeyed-realisation-2.8",
                        in -> RealisationCodec.readValue(DIR, in, SOME_OUTPUT),
                        (out, realisation) -> RealisationCodec.writeValue(DIR, out, realisation),
                        json -> NixJson.realisation(json, SOME_OUTPUT))
                // Common to both protocols: CommonVectorsTest.
                .notOurs("string", "common")
                .notOurs("store-path", "common")
                .notOurs("optional-store-path", "common")
                .notOurs("content-address", "common")
                .notOurs("optional-content-address", "common")
                .notOurs("drv-output", "common")
                .notOurs("realisation", "common")
                .notOurs("realisation-with-deps", "common")
                .notOurs("set", "common")
                .notOurs("vector", "common")
                .tests();
    }

    private static void writeRealisation(WireWriter out, Realisation realisation) throws IOException {
        RealisationCodec.writeId(DIR, out, RealisationCodec.ofPath(realisation.id()));
        RealisationCodec.writeValue(DIR, out, realisation);
    }

    private static ServeCodec codec(int minor) {
        return new ServeCodec(DIR, new ProtocolVersion(2, minor));
    }

    /// The fixtures ask for eight repeats, which we refuse as Nix does since 2.13; without them all else is as it
    /// is.
    private void buildOptions(int minor, String form) throws IOException {
        var bytes = vectors.bytes("build-options-" + form);
        assertThatThrownBy(() -> codec(minor).readOptions(reader(bytes)))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("the client wants the build repeated, which Nix itself no longer does");

        bytes[3 * Long.BYTES] = 0;
        var options = codec(minor).readOptions(reader(bytes));
        assertThat(options)
                .isEqualTo(new BuildOptions(
                        BuildOptions.BuildMode.NORMAL, Duration.ofSeconds(5), Duration.ofSeconds(6), 7, minor >= 7));
        // What was once "enforce determinism" means nothing without repeats; we send 0, as newer clients do.
        bytes[4 * Long.BYTES] = 0;
        assertThat(ScriptedPeer.bytes(out -> codec(minor).writeOptions(out, options)))
                .isEqualTo(bytes);
    }

    private static WireReader reader(byte[] bytes) {
        return new WireReader(new ByteArrayInputStream(bytes));
    }

    private void greetingOfAnOldServer() throws IOException {
        try (var connection = new MemoryConnection()) {
            new ScriptedPeer(connection.in(), connection.out()).send(vectors.bytes("handshake-to-client"));
            var client = new ServeClient(connection.channel(), DIR, "old");
            assertThat(client.version()).isEqualTo(new ProtocolVersion(2, 5));
        }
    }
}
