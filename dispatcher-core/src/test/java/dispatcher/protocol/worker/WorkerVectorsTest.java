package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildResult;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.PathInfo;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.HandshakeException;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.RealisationCodec;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryConnection;
import dispatcher.testkit.NixJson;
import dispatcher.testkit.ScriptedPeer;
import dispatcher.testkit.WireVectors;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The fixtures of Nix's own tests of the worker protocol. The minor version in a name is the first that has the
/// form; a name without one is of a form that all versions have.
class WorkerVectorsTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    /// The path of infos that come without one.
    private static final StorePath SOME = FakeStore.path("some");

    private static final StorePath DRV = FakeStore.path("some.drv");
    private static final RealisationId SOME_OUTPUT = new RealisationId.OfPath(DRV, "out");

    /// The newest that Nix has, with the feature of that name.
    private static final WorkerCodec WITH_PATH =
            new WorkerCodec(DIR, new ProtocolVersion(1, 38), Set.of(WorkerFeature.REALISATION_WITH_PATH));

    private final WireVectors vectors = new WireVectors("worker-protocol");

    /// A derived path with what became of it: one element of the reply of BuildPathsWithResults.
    private record Keyed(DerivedPath path, BuildResult result) {}

    @TestFactory
    Stream<DynamicTest> fixtures() {
        return vectors.both(
                        "build-mode",
                        WorkerCodec::readMode,
                        WorkerCodec::writeMode,
                        json -> BuildMode.of(NixJson.number(json)).orElseThrow())
                .both(
                        "optional-trusted-flag",
                        WorkerCodec::readTrust,
                        WorkerCodec::writeTrust,
                        json -> NixJson.optional(json, flag -> flag)
                                .map(flag -> flag.booleanValue() ? Trust.TRUSTED : Trust.NOT_TRUSTED)
                                .orElse(Trust.UNKNOWN))
                .both(
                        "build-result-1.27",
                        in -> codec(27).readBuildResult(in, DRV),
                        codec(27)::writeBuildResult,
                        NixJson::buildResult)
                .both(
                        "build-result-1.28",
                        in -> codec(28).readBuildResult(in, DRV),
                        codec(28)::writeBuildResult,
                        NixJson::buildResult)
                .both(
                        "build-result-1.29",
                        in -> codec(29).readBuildResult(in, DRV),
                        codec(29)::writeBuildResult,
                        NixJson::buildResult)
                // The realisations that newer daemons make up for older clients lack members that ours have.
                .readOnly("build-result-1.29-compat", in -> codec(29).readBuildResult(in, DRV), NixJson::buildResult)
                .both(
                        "build-result-1.37",
                        in -> codec(37).readBuildResult(in, DRV),
                        codec(37)::writeBuildResult,
                        NixJson::buildResult)
                .both(
                        "keyed-build-result-1.29",
                        in -> new Keyed(codec(29).readDerivedPath(in), codec(29).readBuildResult(in, DRV)),
                        WorkerVectorsTest::writeKeyed,
                        json -> new Keyed(NixJson.derivedPath(json.path("path")), NixJson.buildResult(json)))
                .both(
                        "derived-path-1.29",
                        codec(29)::readDerivedPath,
                        codec(29)::writeDerivedPath,
                        NixJson::derivedPath)
                .both(
                        "derived-path-1.30",
                        codec(30)::readDerivedPath,
                        codec(30)::writeDerivedPath,
                        NixJson::derivedPath)
                .both(
                        "unkeyed-valid-path-info-1.15",
                        in -> codec(15).readPathInfo(in, SOME),
                        codec(15)::writePathInfo,
                        json -> NixJson.pathInfo(json, SOME))
                .both(
                        "valid-path-info-1.15",
                        in -> readKeyedInfo(15, in),
                        (out, info) -> writeKeyedInfo(15, out, info),
                        json -> NixJson.pathInfo(json, SOME))
                .both(
                        "valid-path-info-1.16",
                        in -> readKeyedInfo(16, in),
                        (out, info) -> writeKeyedInfo(16, out, info),
                        json -> NixJson.pathInfo(json, SOME))
                .test("client-handshake-info_1_30", "read and written", () -> daemonInfo(30))
                .test(
                        "client-handshake-info_1_33",
                        "read and written",
                        () -> daemonInfo(
                                33, new DaemonInfo("foo", Trust.UNKNOWN), new DaemonInfo("bar", Trust.UNKNOWN)))
                .test(
                        "client-handshake-info_1_35",
                        "read and written",
                        () -> daemonInfo(
                                35, new DaemonInfo("foo", Trust.NOT_TRUSTED), new DaemonInfo("bar", Trust.TRUSTED)))
                // A daemon of 1.10, too old for us; the greeting of others is tested with the client.
                .test("handshake-to-client", "understood and refused", this::greetingOfAnOldDaemon)
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
                .both(
                        "build-result-realisation-with-path-not-hash",
                        in -> WITH_PATH.readBuildResult(in, DRV),
                        WITH_PATH::writeBuildResult,
                        json -> NixJson.buildResult(json, name -> new RealisationId.OfPath(DRV, name)))
                .both(
                        "drv-output-realisation-with-path-not-hash",
                        WITH_PATH::readRealisationId,
                        WITH_PATH::writeRealisationId,
                        NixJson::realisationId)
                .both(
                        "realisation-realisation-with-path-not-hash",
                        WITH_PATH::readRealisation,
                        WITH_PATH::writeRealisation,
                        NixJson::realisation)
                .both(
                        "unkeyed-realisation-realisation-with-path-not-hash",
                        in -> RealisationCodec.readValue(DIR, in, SOME_OUTPUT),
                        (out, realisation) -> RealisationCodec.writeValue(DIR, out, realisation),
                        json -> NixJson.realisation(json, SOME_OUTPUT))
                .tests();
    }

    private static WorkerCodec codec(int minor) {
        return new WorkerCodec(DIR, new ProtocolVersion(1, minor));
    }

    private static void writeKeyed(WireWriter out, Keyed keyed) throws IOException {
        codec(29).writeDerivedPath(out, keyed.path());
        codec(29).writeBuildResult(out, keyed.result());
    }

    private static PathInfo readKeyedInfo(int minor, WireReader in) throws IOException {
        return codec(minor).readPathInfo(in, in.readStorePath(DIR, "path"));
    }

    private static void writeKeyedInfo(int minor, WireWriter out, PathInfo info) throws IOException {
        out.writeStorePath(DIR, info.path());
        codec(minor).writePathInfo(out, info);
    }

    private void daemonInfo(int minor, DaemonInfo... expected) throws IOException {
        var bytes = vectors.bytes("client-handshake-info_1_" + minor);
        var in = new WireReader(new ByteArrayInputStream(bytes));
        for (var info : expected) assertThat(codec(minor).readDaemonInfo(in)).isEqualTo(info);
        assertThat(in.awaitInput()).isFalse();
        assertThat(ScriptedPeer.bytes(out -> {
                    for (var info : List.of(expected)) codec(minor).writeDaemonInfo(out, info);
                }))
                .isEqualTo(bytes);
    }

    private void greetingOfAnOldDaemon() throws IOException {
        try (var connection = new MemoryConnection()) {
            new ScriptedPeer(connection.in(), connection.out()).send(vectors.bytes("handshake-to-client"));
            assertThatThrownBy(() -> new WorkerClient(connection.channel(), DIR, "old"))
                    .isInstanceOf(HandshakeException.class)
                    .hasMessage("old speaks version 1.10 of the worker protocol, and 1.21 is the oldest that will do");
        }
    }
}
