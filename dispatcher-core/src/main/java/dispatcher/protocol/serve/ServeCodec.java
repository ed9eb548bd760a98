package dispatcher.protocol.serve;

import dispatcher.nix.BuildResult;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.BuildResultCodec;
import dispatcher.protocol.DerivationCodec;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.HandshakeException;
import dispatcher.protocol.HandshakeFailures;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.serve.ServeRequest.AddToStoreNar;
import dispatcher.protocol.serve.ServeRequest.BuildDerivation;
import dispatcher.protocol.serve.ServeRequest.BuildPaths;
import dispatcher.protocol.serve.ServeRequest.DumpStorePath;
import dispatcher.protocol.serve.ServeRequest.ExportPaths;
import dispatcher.protocol.serve.ServeRequest.ImportPaths;
import dispatcher.protocol.serve.ServeRequest.QueryClosure;
import dispatcher.protocol.serve.ServeRequest.QueryPathInfos;
import dispatcher.protocol.serve.ServeRequest.QueryValidPaths;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// Commands and values of the serve protocol in one negotiated version, for both ends: what one method writes,
/// its twin reads. Immutable.
///
/// @param version the lower of both sides' versions
public record ServeCodec(StoreDir storeDir, ProtocolVersion version) {
    /// The client's end of the handshake.
    ///
    /// @param farEnd finds out why it does not serve a store
    /// @param ours   the version to offer
    /// @throws HandshakeException if what answers does not serve a store, or in too old a version
    static ServeCodec withServer(
            HandshakeFailures farEnd, StoreDir storeDir, WireReader in, WireWriter out, ProtocolVersion ours)
            throws IOException {
        return new ServeCodec(storeDir, Greeting.SERVE.greetServer(farEnd, in, out, ours));
    }

    /// The server's end.
    ///
    /// @param ours the version to offer
    /// @throws ProtocolException if the client speaks something else, or too old a version
    static ServeCodec withClient(StoreDir storeDir, WireReader in, WireWriter out, ProtocolVersion ours)
            throws IOException {
        var theirs = Greeting.SERVE.greetClient(in, out, ours);
        if (!Greeting.SERVE.isSpoken(theirs)) throw new ProtocolException(Greeting.SERVE.refusal(theirs));
        return new ServeCodec(storeDir, theirs.min(ours));
    }

    public void writeRequest(WireWriter out, ServeRequest request) throws IOException {
        out.writeLong(request.number());
        switch (request) {
            case QueryValidPaths(boolean lock, boolean substitute, var paths) ->
                out.writeBool(lock).writeBool(substitute).writeStorePaths(storeDir, paths);
            case QueryPathInfos(var paths) -> out.writeStorePaths(storeDir, paths);
            case DumpStorePath(var path) -> out.writeStorePath(storeDir, path);
            case ImportPaths() -> {}
            case ExportPaths(var paths) -> out.writeLong(0).writeStorePaths(storeDir, paths);
            case BuildPaths(var paths, var options) -> {
                out.writeTexts(paths);
                writeOptions(out, options);
            }
            case QueryClosure(boolean includeOutputs, var paths) ->
                out.writeBool(includeOutputs).writeStorePaths(storeDir, paths);
            case BuildDerivation(var drvPath, var derivation, var options) -> {
                out.writeStorePath(storeDir, drvPath);
                DerivationCodec.write(storeDir, derivation, out);
                writeOptions(out, options);
            }
            case AddToStoreNar(var info) ->
                out.writeStorePath(storeDir, info.path())
                        .writeOptionalStorePath(storeDir, info.deriver())
                        .writeText(info.narHash().base16())
                        .writeStorePaths(storeDir, info.references())
                        .writeLong(info.registrationTime().getEpochSecond())
                        .writeLong(info.narSize())
                        .writeBool(info.ultimate())
                        .writeTexts(info.signatures())
                        .writeText(info.contentAddress()
                                .map(ContentAddress::toString)
                                .orElse(""));
        }
    }

    /// Reads the fields of the command with this number.
    public ServeRequest readRequest(WireReader in, long number) throws IOException {
        if (number == 1) return new QueryValidPaths(in.readBool(), in.readBool(), in.readStorePaths(storeDir, "paths"));
        if (number == 2) return new QueryPathInfos(in.readStorePaths(storeDir, "paths"));
        if (number == 3) return new DumpStorePath(in.readStorePath(storeDir, "path"));
        if (number == 4) return new ImportPaths();
        if (number == 5) {
            in.readLong();
            return new ExportPaths(in.readStorePaths(storeDir, "paths"));
        }
        if (number == 6)
            return new BuildPaths(in.readList("paths to build", () -> in.readName("path")), readOptions(in));
        if (number == 7) return new QueryClosure(in.readBool(), in.readStorePaths(storeDir, "paths"));
        if (number == 8)
            return new BuildDerivation(
                    in.readStorePath(storeDir, "derivation path"), DerivationCodec.read(storeDir, in), readOptions(in));
        if (number == 9) return new AddToStoreNar(readInfoToAdd(in));
        throw new ProtocolException(
                "command %s is none of the serve protocol %s".formatted(Long.toUnsignedString(number), version));
    }

    private PathInfo readInfoToAdd(WireReader in) throws IOException {
        var path = in.readStorePath(storeDir, "path to add");
        var deriver = in.readOptionalStorePath(storeDir, "deriver");
        var narHash = WireReader.parse("NAR hash", in.readName("NAR hash"), NarHash::parse);
        var references = in.readStorePaths(storeDir, "references");
        var registrationTime = BuildResultCodec.readTime(in, "registration time");
        long narSize = in.readSize("NAR size");
        if (narSize == 0) throw new ProtocolException("%s is announced with an empty NAR".formatted(path));
        return new PathInfo(
                path,
                deriver,
                narHash,
                references,
                registrationTime,
                narSize,
                in.readBool(),
                in.readTexts("signatures"),
                readContentAddress(in));
    }

    /// A valid path's info, with the path before it.
    public void writePathInfo(WireWriter out, PathInfo info) throws IOException {
        out.writeStorePath(storeDir, info.path());
        writeUnkeyedPathInfo(out, info);
    }

    void writeUnkeyedPathInfo(WireWriter out, PathInfo info) throws IOException {
        out.writeOptionalStorePath(storeDir, info.deriver())
                .writeStorePaths(storeDir, info.references())
                .writeLong(info.narSize())
                .writeLong(info.narSize())
                .writeText(info.narHash().toString())
                .writeText(info.contentAddress().map(ContentAddress::toString).orElse(""))
                .writeTexts(info.signatures());
    }

    /// The next of a list of infos; empty at its end, which is an empty path.
    public Optional<PathInfo> readPathInfo(WireReader in) throws IOException {
        var path = in.readOptionalStorePath(storeDir, "path");
        if (path.isEmpty()) return Optional.empty();
        return Optional.of(readUnkeyedPathInfo(in, path.get()));
    }

    PathInfo readUnkeyedPathInfo(WireReader in, StorePath path) throws IOException {
        var deriver = in.readOptionalStorePath(storeDir, "deriver");
        var references = in.readStorePaths(storeDir, "references");
        in.readLong();
        long narSize = in.readSize("NAR size");
        var narHash = WireReader.parse("NAR hash", in.readName("NAR hash"), NarHash::parse);
        var contentAddress = readContentAddress(in);
        var signatures = in.readTexts("signatures");
        return new PathInfo(
                path, deriver, narHash, references, Instant.EPOCH, narSize, false, signatures, contentAddress);
    }

    private static Optional<ContentAddress> readContentAddress(WireReader in) throws IOException {
        return WireReader.parse("content address", in.readName("content address"), ContentAddress::parseOptional);
    }

    public void writeBuildResult(WireWriter out, BuildResult result) throws IOException {
        BuildResultCodec.write(out, result, resultParts());
    }

    /// @param drvPath what was built
    public BuildResult readBuildResult(WireReader in, StorePath drvPath) throws IOException {
        return BuildResultCodec.read(in, drvPath, resultParts());
    }

    /// Whether realisations are named by the paths of derivations and not by their hashes.
    boolean realisesByPath() {
        return version.isAtLeast(2, 8);
    }

    private BuildResultCodec.Parts resultParts() {
        var outputs = realisesByPath()
                ? BuildResultCodec.Outputs.BY_NAME
                : version.isAtLeast(2, 6) ? BuildResultCodec.Outputs.BY_HASH : BuildResultCodec.Outputs.NONE;
        return new BuildResultCodec.Parts(storeDir, version.isAtLeast(2, 3), false, outputs);
    }

    public void writeOptions(WireWriter out, BuildOptions options) throws IOException {
        out.writeLong(options.maxSilent().toSeconds())
                .writeLong(options.timeout().toSeconds())
                .writeLong(options.maxLogBytes())
                .writeLong(0)
                .writeLong(0);
        if (version.isAtLeast(2, 7)) out.writeBool(options.keepFailed());
    }

    public BuildOptions readOptions(WireReader in) throws IOException {
        var maxSilent = readSeconds(in, "max silent time");
        var timeout = readSeconds(in, "build timeout");
        long maxLogBytes = in.readSize("max log size");
        if (in.readLong() != 0)
            throw new ProtocolException("the client wants the build repeated, which Nix itself no longer does");
        in.readBool();
        boolean keepFailed = version.isAtLeast(2, 7) && in.readBool();
        return new BuildOptions(BuildMode.NORMAL, maxSilent, timeout, maxLogBytes, keepFailed);
    }

    private static Duration readSeconds(WireReader in, String what) throws IOException {
        return Duration.ofSeconds(Math.min(in.readSize(what), Integer.MAX_VALUE));
    }
}
