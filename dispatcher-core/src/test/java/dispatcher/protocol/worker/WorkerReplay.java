package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.worker.WorkerRequest.Payload;
import dispatcher.testkit.Capture;
import dispatcher.testkit.Replay;
import dispatcher.testkit.Samples;
import dispatcher.wire.WireWriter;
import java.io.IOException;

/// A session of the worker protocol, read and written with our codecs.
final class WorkerReplay extends Replay {
    private static final StoreDir DIR = StoreDir.NIX_STORE;

    WorkerReplay(Capture capture, int clientLength, int serverLength) {
        super(capture, clientLength, serverLength);
    }

    @Override
    protected void run() throws IOException {
        if (!client.in.awaitInput()) return;
        var version = greet();
        var codec = new WorkerCodec(DIR, version);
        var messages = new MessageCodec(version);
        server.echo(codec::readDaemonInfo, codec::writeDaemonInfo);
        assertThat(echoMessages(messages)).isInstanceOf(WorkerMessage.Last.class);
        while (client.in.awaitInput()) {
            var operation = WorkerOperation.of(client.in.readLong()).orElseThrow();
            var request = client.echo(in -> codec.readRequest(in, operation), codec::writeRequest);
            if (codec.payload(request) == Payload.FRAMED) echoPayload(request);
            if (echoMessages(messages) instanceof WorkerMessage.Last) echoReply(codec, request);
        }
    }

    private ProtocolVersion greet() throws IOException {
        assertThat(client.echoLong()).isEqualTo(RawWorkerClient.CLIENT_MAGIC);
        assertThat(server.echoLong()).isEqualTo(RawWorkerClient.SERVER_MAGIC);
        var serverVersion = echoVersion(server);
        var version = echoVersion(client).min(serverVersion);
        if (version.isAtLeast(1, 38)) {
            client.echo(in -> in.readTexts("features"), WireWriter::writeTexts);
            server.echo(in -> in.readTexts("features"), WireWriter::writeTexts);
        }
        client.echoBool();
        client.echoBool();
        return version;
    }

    private static ProtocolVersion echoVersion(Side side) throws IOException {
        return side.echo(in -> ProtocolVersion.ofWire(in.readLong()), (out, version) -> out.writeLong(version.wire()));
    }

    /// All messages up to the last, which is returned.
    private WorkerMessage echoMessages(MessageCodec messages) throws IOException {
        while (true) {
            var message = server.echo(messages::read, messages::write);
            if (message instanceof WorkerMessage.Last || message instanceof WorkerMessage.Failure) return message;
        }
    }

    private void echoPayload(WorkerRequest request) throws IOException {
        switch (request.operation()) {
            case ADD_MULTIPLE_TO_STORE -> client.echoFramed(bytes -> echo(bytes, WorkerReplay::echoPaths));
            case ADD_TO_STORE_NAR -> client.echoFramed(bytes -> echo(bytes, Side::echoNar));
            default -> client.echoFramed(bytes -> bytes);
        }
    }

    private static void echoPaths(Side side) throws IOException {
        var bulk = new WorkerCodec(DIR, WorkerCodec.BULK);
        long count = side.echoLong();
        for (long i = 0; i < count; i++) {
            echoKeyedInfo(side, bulk);
            side.echoNar();
        }
    }

    private static void echoKeyedInfo(Side side, WorkerCodec codec) throws IOException {
        var path = side.echo(in -> in.readStorePath(DIR, "path"), (out, value) -> out.writeStorePath(DIR, value));
        side.echo(in -> codec.readPathInfo(in, path), codec::writePathInfo);
    }

    private void echoReply(WorkerCodec codec, WorkerRequest request) throws IOException {
        switch (request.operation()) {
            case IS_VALID_PATH, VERIFY_STORE -> server.echoBool();
            case QUERY_PATH_INFO -> {
                var path = ((WorkerRequest.QueryPathInfo) request).path();
                if (server.echoBool()) server.echo(in -> codec.readPathInfo(in, path), codec::writePathInfo);
            }
            case QUERY_VALID_PATHS, QUERY_ALL_VALID_PATHS, QUERY_SUBSTITUTABLE_PATHS -> echoPathSet();
            case NAR_FROM_PATH -> server.echoNar();
            case BUILD_DERIVATION -> {
                var build = (WorkerRequest.BuildDerivation) request;
                var result = server.echo(in -> codec.readBuildResult(in, build.drvPath()), codec::writeBuildResult);
                requireIdsToFollow(build.derivation(), result);
            }
            case ADD_TEMP_ROOT, ENSURE_PATH, SYNC_WITH_GC, ADD_SIGNATURES, BUILD_PATHS -> server.echoLong();
            case QUERY_MISSING -> {
                for (int i = 0; i < 3; i++) echoPathSet();
                server.echoLong();
                server.echoLong();
            }
            case QUERY_REALISATION -> server.echo(in -> in.readTexts("realisations"), WireWriter::writeTexts);
            case ADD_TO_STORE -> echoKeyedInfo(server, codec);
            case BUILD_PATHS_WITH_RESULTS -> {
                long count = server.echoLong();
                for (long i = 0; i < count; i++) {
                    server.echo(codec::readDerivedPath, codec::writeDerivedPath);
                    server.echo(in -> codec.readBuildResult(in, Samples.DRV), codec::writeBuildResult);
                }
            }
            case QUERY_DERIVATION_OUTPUT_MAP -> {
                long count = server.echoLong();
                for (long i = 0; i < count; i++) {
                    server.echo(in -> in.readName("output"), WireWriter::writeText);
                    server.echo(
                            in -> in.readOptionalStorePath(DIR, "path"),
                            (out, path) -> out.writeOptionalStorePath(DIR, path));
                }
            }
            case SET_OPTIONS, ADD_TO_STORE_NAR, ADD_MULTIPLE_TO_STORE, REGISTER_DRV_OUTPUT -> {}
            default -> throw new AssertionError("the reply to %s is not known here".formatted(request));
        }
    }

    private void echoPathSet() throws IOException {
        server.echo(in -> in.readStorePaths(DIR, "paths"), (out, paths) -> out.writeStorePaths(DIR, paths));
    }
}
