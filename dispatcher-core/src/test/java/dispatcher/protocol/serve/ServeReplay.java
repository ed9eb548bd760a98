package dispatcher.protocol.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.testkit.Capture;
import dispatcher.testkit.Replay;
import java.io.IOException;

/// A session of the serve protocol, read and written with our codecs.
final class ServeReplay extends Replay {
    private static final StoreDir DIR = StoreDir.NIX_STORE;

    ServeReplay(Capture capture, int clientLength, int serverLength) {
        super(capture, clientLength, serverLength);
    }

    @Override
    protected void run() throws IOException {
        if (!client.in.awaitInput()) return;
        assertThat(client.echoLong()).isEqualTo(Greeting.SERVE.clientMagic());
        var theirs = echoVersion(client);
        assertThat(server.echoLong()).isEqualTo(Greeting.SERVE.serverMagic());
        var codec = new ServeCodec(DIR, theirs.min(echoVersion(server)));
        while (client.in.awaitInput()) {
            long number = client.in.readLong();
            var request = client.echo(in -> codec.readRequest(in, number), codec::writeRequest);
            // Whether repeated builds must agree, of which there are none any more: old versions say yes, new ones no.
            if (request instanceof ServeRequest.BuildDerivation) client.takeOverFlag(1);
            echoReply(codec, request);
        }
    }

    private static ProtocolVersion echoVersion(Side side) throws IOException {
        return side.echo(in -> ProtocolVersion.ofWire(in.readLong()), (out, version) -> out.writeLong(version.wire()));
    }

    private void echoReply(ServeCodec codec, ServeRequest request) throws IOException {
        switch (request) {
            case ServeRequest.QueryValidPaths _, ServeRequest.QueryClosure _ ->
                server.echo(in -> in.readStorePaths(DIR, "paths"), (out, paths) -> out.writeStorePaths(DIR, paths));
            case ServeRequest.QueryPathInfos _ -> {
                while (true) {
                    var info = codec.readPathInfo(server.in);
                    if (info.isEmpty()) break;
                    codec.writePathInfo(server.out, info.get());
                }
                server.out.writeText("");
            }
            case ServeRequest.DumpStorePath _ -> server.echoNar();
            case ServeRequest.BuildDerivation build -> {
                var result = server.echo(in -> codec.readBuildResult(in, build.drvPath()), codec::writeBuildResult);
                requireIdsToFollow(build.derivation(), result);
            }
            case ServeRequest.AddToStoreNar _ -> {
                client.echoNar();
                server.echoLong();
            }
            case ServeRequest.BuildPaths _, ServeRequest.ImportPaths _, ServeRequest.ExportPaths _ ->
                throw new AssertionError("the reply to %s is not known here".formatted(request));
        }
    }
}
