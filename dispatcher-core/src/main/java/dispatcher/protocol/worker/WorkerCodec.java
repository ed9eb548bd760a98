package dispatcher.protocol.worker;

import dispatcher.nix.BuildResult;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.BuildResultCodec;
import dispatcher.protocol.DerivationCodec;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.RealisationCodec;
import dispatcher.protocol.worker.WorkerRequest.AddMultipleToStore;
import dispatcher.protocol.worker.WorkerRequest.AddTempRoot;
import dispatcher.protocol.worker.WorkerRequest.AddTempRoots;
import dispatcher.protocol.worker.WorkerRequest.AddToStoreNar;
import dispatcher.protocol.worker.WorkerRequest.BuildDerivation;
import dispatcher.protocol.worker.WorkerRequest.BuildPaths;
import dispatcher.protocol.worker.WorkerRequest.EnsurePath;
import dispatcher.protocol.worker.WorkerRequest.Field;
import dispatcher.protocol.worker.WorkerRequest.IsValidPath;
import dispatcher.protocol.worker.WorkerRequest.NarFromPath;
import dispatcher.protocol.worker.WorkerRequest.Other;
import dispatcher.protocol.worker.WorkerRequest.Payload;
import dispatcher.protocol.worker.WorkerRequest.QueryAllValidPaths;
import dispatcher.protocol.worker.WorkerRequest.QueryMissing;
import dispatcher.protocol.worker.WorkerRequest.QueryPathFromHashPart;
import dispatcher.protocol.worker.WorkerRequest.QueryPathInfo;
import dispatcher.protocol.worker.WorkerRequest.QueryPathInfos;
import dispatcher.protocol.worker.WorkerRequest.QueryRealisation;
import dispatcher.protocol.worker.WorkerRequest.QuerySubstitutablePathInfos;
import dispatcher.protocol.worker.WorkerRequest.QuerySubstitutablePaths;
import dispatcher.protocol.worker.WorkerRequest.QueryValidPaths;
import dispatcher.protocol.worker.WorkerRequest.RegisterDrvOutput;
import dispatcher.protocol.worker.WorkerRequest.SetOptions;
import dispatcher.protocol.worker.WorkerRequest.SyncWithGc;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Requests and values of the worker protocol in one negotiated version, for both ends: what one method writes,
/// its twin reads. Immutable.
///
/// @param version  the lower of both sides' versions
/// @param features those that both sides have
public record WorkerCodec(StoreDir storeDir, ProtocolVersion version, Set<WorkerFeature> features) {
    /// The version in which path infos inside an AddMultipleToStore are written, regardless of the agreed version.
    public static final ProtocolVersion BULK = new ProtocolVersion(1, 16);

    /// Without features.
    public WorkerCodec(StoreDir storeDir, ProtocolVersion version) {
        this(storeDir, version, Set.of());
    }

    /// Whether realisations are named by the paths of derivations and not by their hashes.
    public boolean realisesByPath() {
        return features.contains(WorkerFeature.REALISATION_WITH_PATH);
    }

    private boolean since(int minor) {
        return version.isAtLeast(1, minor);
    }

    /// Writes the operation's number and its fields; a payload comes after, from the caller.
    public void writeRequest(WireWriter out, WorkerRequest request) throws IOException {
        out.writeLong(request.operation().number());
        switch (request) {
            case IsValidPath(var path) -> out.writeStorePath(storeDir, path);
            case QueryPathInfo(var path) -> out.writeStorePath(storeDir, path);
            case NarFromPath(var path) -> out.writeStorePath(storeDir, path);
            case AddTempRoot(var path) -> out.writeStorePath(storeDir, path);
            case EnsurePath(var path) -> out.writeStorePath(storeDir, path);
            case QueryValidPaths(var paths, boolean substitute) -> {
                out.writeStorePaths(storeDir, paths);
                if (since(27)) out.writeBool(substitute);
            }
            case AddToStoreNar(var info, boolean repair, boolean dontCheckSignatures) -> {
                writeKeyedPathInfo(out, info);
                out.writeBool(repair).writeBool(dontCheckSignatures);
            }
            case AddMultipleToStore(boolean repair, boolean dontCheckSignatures) ->
                out.writeBool(repair).writeBool(dontCheckSignatures);
            case BuildDerivation(var drvPath, var derivation, var mode) -> {
                out.writeStorePath(storeDir, drvPath);
                DerivationCodec.write(storeDir, derivation, out);
                writeMode(out, mode);
            }
            case BuildPaths(var _, var paths, var mode) -> {
                writeDerivedPaths(out, paths);
                writeMode(out, mode);
            }
            case QueryMissing(var paths) -> writeDerivedPaths(out, paths);
            case QuerySubstitutablePaths(var paths) -> out.writeStorePaths(storeDir, paths);
            case QuerySubstitutablePathInfos(var paths) -> {
                if (since(22)) {
                    out.writeLong(paths.size());
                    for (var path : paths.entrySet())
                        out.writeStorePath(storeDir, path.getKey())
                                .writeText(path.getValue()
                                        .map(ContentAddress::toString)
                                        .orElse(""));
                } else {
                    out.writeStorePaths(storeDir, paths.keySet());
                }
            }
            case QueryAllValidPaths() -> {}
            case SyncWithGc() -> {}
            case QueryPathFromHashPart(var hashPart) -> out.writeText(hashPart);
            case QueryRealisation(var id) -> writeRealisationId(out, id);
            case RegisterDrvOutput(var realisation) -> writeRealisation(out, realisation);
            case AddTempRoots(var paths) -> out.writeStorePaths(storeDir, paths);
            case QueryPathInfos(var paths) -> out.writeStorePaths(storeDir, paths);
            case SetOptions(var values, var overrides) -> {
                for (long value : values) out.writeLong(value);
                out.writeLong(overrides.size());
                for (var override : overrides.entrySet())
                    out.writeText(override.getKey()).writeByteString(override.getValue());
            }
            case Other other -> {
                for (var field : other.fields()) writeField(out, field);
            }
        }
    }

    /// Reads the fields of a request whose number has been read; a payload is left to the caller.
    public WorkerRequest readRequest(WireReader in, WorkerOperation operation) throws IOException {
        return switch (operation) {
            case IS_VALID_PATH -> new IsValidPath(in.readStorePath(storeDir, "path"));
            case QUERY_PATH_INFO -> new QueryPathInfo(in.readStorePath(storeDir, "path"));
            case NAR_FROM_PATH -> new NarFromPath(in.readStorePath(storeDir, "path"));
            case ADD_TEMP_ROOT -> new AddTempRoot(in.readStorePath(storeDir, "path"));
            case ENSURE_PATH -> new EnsurePath(in.readStorePath(storeDir, "path"));
            case QUERY_VALID_PATHS ->
                new QueryValidPaths(in.readStorePaths(storeDir, "paths"), since(27) && in.readBool());
            case ADD_TO_STORE_NAR -> new AddToStoreNar(readKeyedPathInfo(in), in.readBool(), in.readBool());
            case ADD_MULTIPLE_TO_STORE -> new AddMultipleToStore(in.readBool(), in.readBool());
            case BUILD_DERIVATION ->
                new BuildDerivation(
                        in.readStorePath(storeDir, "derivation path"),
                        DerivationCodec.read(storeDir, in),
                        readMode(in));
            case BUILD_PATHS, BUILD_PATHS_WITH_RESULTS ->
                new BuildPaths(operation, in.readList("paths to build", () -> readDerivedPath(in)), readMode(in));
            case QUERY_MISSING -> new QueryMissing(in.readList("paths", () -> readDerivedPath(in)));
            case QUERY_SUBSTITUTABLE_PATHS -> new QuerySubstitutablePaths(in.readStorePaths(storeDir, "paths"));
            case QUERY_SUBSTITUTABLE_PATH_INFOS -> readQuerySubstitutablePathInfos(in);
            case QUERY_ALL_VALID_PATHS -> new QueryAllValidPaths();
            case SYNC_WITH_GC -> new SyncWithGc();
            case QUERY_PATH_FROM_HASH_PART -> new QueryPathFromHashPart(in.readName("hash part"));
            case QUERY_REALISATION -> new QueryRealisation(readRealisationId(in));
            case REGISTER_DRV_OUTPUT -> new RegisterDrvOutput(readRealisation(in));
            case ADD_TEMP_ROOTS -> new AddTempRoots(in.readStorePaths(storeDir, "paths"));
            case QUERY_PATH_INFOS -> new QueryPathInfos(in.readStorePaths(storeDir, "paths"));
            case SET_OPTIONS -> readSetOptions(in);
            case ADD_TO_STORE -> readOther(in, operation, since(25) ? "ttTn" : "tnnt");
            case ADD_TEXT_TO_STORE -> readOther(in, operation, "ttT");
            case FIND_ROOTS, OPTIMISE_STORE, QUERY_ACTIVE_BUILDS -> readOther(in, operation, "");
            case EXPORT_PATH -> readOther(in, operation, "tn");
            case COLLECT_GARBAGE -> readOther(in, operation, "nTnnnnn");
            case VERIFY_STORE -> readOther(in, operation, "nn");
            case ADD_SIGNATURES -> readOther(in, operation, "tT");
            case ADD_PERM_ROOT -> readOther(in, operation, "tt");
            case HAS_SUBSTITUTES,
                    QUERY_PATH_HASH,
                    QUERY_REFERENCES,
                    QUERY_REFERRERS,
                    ADD_INDIRECT_ROOT,
                    QUERY_DERIVER,
                    QUERY_SUBSTITUTABLE_PATH_INFO,
                    QUERY_DERIVATION_OUTPUTS,
                    QUERY_DERIVATION_OUTPUT_NAMES,
                    QUERY_VALID_DERIVERS,
                    QUERY_DERIVATION_OUTPUT_MAP,
                    ADD_BUILD_LOG -> readOther(in, operation, "t");
        };
    }

    /// What follows `request` on the wire.
    public Payload payload(WorkerRequest request) {
        return switch (request.operation()) {
            case ADD_TO_STORE_NAR -> since(23) ? Payload.FRAMED : since(21) ? Payload.PULLED : Payload.INLINE;
            case ADD_MULTIPLE_TO_STORE, ADD_BUILD_LOG -> Payload.FRAMED;
            case ADD_TO_STORE -> since(25) ? Payload.FRAMED : Payload.INLINE;
            default -> Payload.NONE;
        };
    }

    private Other readOther(WireReader in, WorkerOperation operation, String shape) throws IOException {
        var fields = new ArrayList<Field>();
        for (char kind : shape.toCharArray())
            fields.add(
                    switch (kind) {
                        case 'n' -> new Field.Int(in.readLong());
                        case 't' -> new Field.Text(in.readByteString(operation.nixName()));
                        default ->
                            new Field.Texts(
                                    in.readList(operation.nixName(), () -> in.readByteString(operation.nixName())));
                    });
        return new Other(operation, fields);
    }

    private static void writeField(WireWriter out, Field field) throws IOException {
        switch (field) {
            case Field.Int(long value) -> out.writeLong(value);
            case Field.Text(var value) -> out.writeByteString(value);
            case Field.Texts(var values) -> {
                out.writeLong(values.size());
                for (var value : values) out.writeByteString(value);
            }
        }
    }

    private QuerySubstitutablePathInfos readQuerySubstitutablePathInfos(WireReader in) throws IOException {
        var paths = new TreeMap<StorePath, Optional<ContentAddress>>();
        if (since(22)) {
            int count = in.readCount("paths");
            for (int i = 0; i < count; i++) paths.put(in.readStorePath(storeDir, "path"), readContentAddress(in));
        } else {
            for (var path : in.readStorePaths(storeDir, "paths")) paths.put(path, Optional.empty());
        }
        return new QuerySubstitutablePathInfos(paths);
    }

    private static SetOptions readSetOptions(WireReader in) throws IOException {
        var values = new ArrayList<Long>();
        for (int i = 0; i < SetOptions.VALUES; i++) values.add(in.readLong());
        var overrides = new TreeMap<String, ByteString>();
        int count = in.readCount("settings");
        for (int i = 0; i < count; i++) overrides.put(in.readText("setting"), in.readByteString("setting value"));
        return new SetOptions(values, overrides);
    }

    static void writeMode(WireWriter out, BuildMode mode) throws IOException {
        out.writeLong(mode.number());
    }

    static BuildMode readMode(WireReader in) throws IOException {
        long mode = in.readLong();
        return BuildMode.of(mode)
                .orElseThrow(() ->
                        new ProtocolException("build mode %s is not known".formatted(Long.toUnsignedString(mode))));
    }

    private void writeDerivedPaths(WireWriter out, List<DerivedPath> paths) throws IOException {
        out.writeLong(paths.size());
        for (var path : paths) writeDerivedPath(out, path);
    }

    void writeDerivedPath(WireWriter out, DerivedPath path) throws IOException {
        out.writeText(since(30) ? path.print(storeDir) : path.printLegacy(storeDir));
    }

    DerivedPath readDerivedPath(WireReader in) throws IOException {
        return WireReader.parse(
                "derived path",
                in.readName("derived path"),
                text -> since(30) ? DerivedPath.parse(storeDir, text) : DerivedPath.parseLegacy(storeDir, text));
    }

    /// What the daemon says of itself after the version has been settled.
    public void writeDaemonInfo(WireWriter out, DaemonInfo info) throws IOException {
        if (since(33)) out.writeText(info.nixVersion());
        if (since(35)) writeTrust(out, info.trust());
    }

    public DaemonInfo readDaemonInfo(WireReader in) throws IOException {
        var nixVersion = since(33) ? in.readText("Nix version") : "";
        return new DaemonInfo(nixVersion, since(35) ? readTrust(in) : Trust.UNKNOWN);
    }

    static void writeTrust(WireWriter out, Trust trust) throws IOException {
        out.writeLong(trust.number());
    }

    static Trust readTrust(WireReader in) throws IOException {
        long flag = in.readLong();
        return Trust.of(flag)
                .orElseThrow(() ->
                        new ProtocolException("trust flag %s is not known".formatted(Long.toUnsignedString(flag))));
    }

    /// Everything of a path info but the path.
    public void writePathInfo(WireWriter out, PathInfo info) throws IOException {
        out.writeOptionalStorePath(storeDir, info.deriver())
                .writeText(info.narHash().base16())
                .writeStorePaths(storeDir, info.references())
                .writeLong(info.registrationTime().getEpochSecond())
                .writeLong(info.narSize());
        if (since(16))
            out.writeBool(info.ultimate())
                    .writeTexts(info.signatures())
                    .writeText(
                            info.contentAddress().map(ContentAddress::toString).orElse(""));
    }

    /// A path info with its path before it.
    void writeKeyedPathInfo(WireWriter out, PathInfo info) throws IOException {
        out.writeStorePath(storeDir, info.path());
        writePathInfo(out, info);
    }

    PathInfo readKeyedPathInfo(WireReader in) throws IOException {
        return readPathInfo(in, in.readStorePath(storeDir, "path"));
    }

    /// Reads what [#writePathInfo] writes.
    public PathInfo readPathInfo(WireReader in, StorePath path) throws IOException {
        var deriver = in.readOptionalStorePath(storeDir, "deriver");
        var narHash = WireReader.parse("NAR hash", in.readName("NAR hash"), NarHash::parse);
        var references = in.readStorePaths(storeDir, "references");
        var registrationTime = BuildResultCodec.readTime(in, "registration time");
        long narSize = in.readSize("NAR size");
        if (!since(16))
            return new PathInfo(
                    path,
                    deriver,
                    narHash,
                    references,
                    registrationTime,
                    narSize,
                    false,
                    new TreeSet<>(),
                    Optional.empty());
        boolean ultimate = in.readBool();
        var signatures = in.readTexts("signatures");
        return new PathInfo(
                path,
                deriver,
                narHash,
                references,
                registrationTime,
                narSize,
                ultimate,
                signatures,
                readContentAddress(in));
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

    private BuildResultCodec.Parts resultParts() {
        var outputs = realisesByPath()
                ? BuildResultCodec.Outputs.BY_NAME
                : since(28) ? BuildResultCodec.Outputs.BY_HASH : BuildResultCodec.Outputs.NONE;
        return new BuildResultCodec.Parts(storeDir, since(29), since(37), outputs);
    }

    /// Whether this version can write that id of a realisation.
    public boolean names(RealisationId id) {
        return realisesByPath() == id instanceof RealisationId.OfPath;
    }

    void writeRealisationId(WireWriter out, RealisationId id) throws IOException {
        if (realisesByPath()) RealisationCodec.writeId(storeDir, out, RealisationCodec.ofPath(id));
        else out.writeText(RealisationCodec.ofHash(id).toString());
    }

    RealisationId readRealisationId(WireReader in) throws IOException {
        if (realisesByPath()) return RealisationCodec.readId(storeDir, in);
        return WireReader.parse("realisation id", in.readName("realisation id"), RealisationId::parse);
    }

    /// Before 1.31 without what it depends on, and unsigned.
    void writeRealisation(WireWriter out, Realisation realisation) throws IOException {
        if (realisesByPath()) {
            writeRealisationId(out, realisation.id());
            RealisationCodec.writeValue(storeDir, out, realisation);
        } else if (since(31)) {
            RealisationCodec.writeJson(out, realisation);
        } else {
            writeRealisationId(out, realisation.id());
            out.writeText(realisation.outPath().baseName());
        }
    }

    Realisation readRealisation(WireReader in) throws IOException {
        if (realisesByPath()) return RealisationCodec.readValue(storeDir, in, RealisationCodec.readId(storeDir, in));
        if (since(31)) return RealisationCodec.readJson(in);
        var id = readRealisationId(in);
        return Realisation.unsigned(id, WireReader.parse("path", in.readName("path"), StorePath::parse));
    }

    /// The answer to QueryRealisation.
    public void writeKnownRealisation(WireWriter out, Optional<Realisation> known) throws IOException {
        out.writeLong(known.isPresent() ? 1 : 0);
        if (known.isEmpty()) return;
        if (realisesByPath()) RealisationCodec.writeValue(storeDir, out, known.get());
        else if (since(31)) RealisationCodec.writeJson(out, known.get());
        else out.writeStorePath(storeDir, known.get().outPath());
    }

    /// Reads what [#writeKnownRealisation] writes.
    ///
    /// @param id which was asked for
    public Optional<Realisation> readKnownRealisation(WireReader in, RealisationId id) throws IOException {
        int count = in.readCount("realisations");
        if (count == 0) return Optional.empty();
        if (count > 1) throw new ProtocolException("%d realisations of %s are more than one".formatted(count, id));
        if (realisesByPath()) return Optional.of(RealisationCodec.readValue(storeDir, in, id));
        if (since(31)) return Optional.of(RealisationCodec.readJson(in));
        return Optional.of(Realisation.unsigned(id, in.readStorePath(storeDir, "path")));
    }
}
