package dispatcher.protocol.worker;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The operations of the worker protocol and their numbers.
public enum WorkerOperation {
    IS_VALID_PATH(1, "IsValidPath"),
    HAS_SUBSTITUTES(3, "HasSubstitutes"),
    QUERY_PATH_HASH(4, "QueryPathHash"),
    QUERY_REFERENCES(5, "QueryReferences"),
    QUERY_REFERRERS(6, "QueryReferrers"),
    ADD_TO_STORE(7, "AddToStore"),
    ADD_TEXT_TO_STORE(8, "AddTextToStore"),
    BUILD_PATHS(9, "BuildPaths"),
    ENSURE_PATH(10, "EnsurePath"),
    ADD_TEMP_ROOT(11, "AddTempRoot"),
    ADD_INDIRECT_ROOT(12, "AddIndirectRoot"),
    SYNC_WITH_GC(13, "SyncWithGC"),
    FIND_ROOTS(14, "FindRoots"),
    EXPORT_PATH(16, "ExportPath"),
    QUERY_DERIVER(18, "QueryDeriver"),
    SET_OPTIONS(19, "SetOptions"),
    COLLECT_GARBAGE(20, "CollectGarbage"),
    QUERY_SUBSTITUTABLE_PATH_INFO(21, "QuerySubstitutablePathInfo"),
    QUERY_DERIVATION_OUTPUTS(22, "QueryDerivationOutputs"),
    QUERY_ALL_VALID_PATHS(23, "QueryAllValidPaths"),
    QUERY_PATH_INFO(26, "QueryPathInfo"),
    QUERY_DERIVATION_OUTPUT_NAMES(28, "QueryDerivationOutputNames"),
    QUERY_PATH_FROM_HASH_PART(29, "QueryPathFromHashPart"),
    QUERY_SUBSTITUTABLE_PATH_INFOS(30, "QuerySubstitutablePathInfos"),
    QUERY_VALID_PATHS(31, "QueryValidPaths"),
    QUERY_SUBSTITUTABLE_PATHS(32, "QuerySubstitutablePaths"),
    QUERY_VALID_DERIVERS(33, "QueryValidDerivers"),
    OPTIMISE_STORE(34, "OptimiseStore"),
    VERIFY_STORE(35, "VerifyStore"),
    BUILD_DERIVATION(36, "BuildDerivation"),
    ADD_SIGNATURES(37, "AddSignatures"),
    NAR_FROM_PATH(38, "NarFromPath"),
    ADD_TO_STORE_NAR(39, "AddToStoreNar"),
    QUERY_MISSING(40, "QueryMissing"),
    QUERY_DERIVATION_OUTPUT_MAP(41, "QueryDerivationOutputMap"),
    REGISTER_DRV_OUTPUT(42, "RegisterDrvOutput"),
    QUERY_REALISATION(43, "QueryRealisation"),
    ADD_MULTIPLE_TO_STORE(44, "AddMultipleToStore"),
    ADD_BUILD_LOG(45, "AddBuildLog"),
    BUILD_PATHS_WITH_RESULTS(46, "BuildPathsWithResults"),
    ADD_PERM_ROOT(47, "AddPermRoot"),
    QUERY_ACTIVE_BUILDS(48, "QueryActiveBuilds"),
    ADD_TEMP_ROOTS(49, "AddTempRoots"),
    QUERY_PATH_INFOS(50, "QueryPathInfos");

    private static final Map<Long, WorkerOperation> BY_NUMBER = new HashMap<>();

    static {
        for (var operation : values()) BY_NUMBER.put((long) operation.number, operation);
    }

    private final int number;
    private final String nixName;

    WorkerOperation(int number, String nixName) {
        this.number = number;
        this.nixName = nixName;
    }

    public int number() {
        return number;
    }

    /// As Nix's own documents call it.
    public String nixName() {
        return nixName;
    }

    /// Empty for a number that no supported version has.
    public static Optional<WorkerOperation> of(long number) {
        return Optional.ofNullable(BY_NUMBER.get(number));
    }
}
