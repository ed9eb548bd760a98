package dispatcher.protocol.worker;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/// A request of the worker protocol, without the payload that some are followed by.
///
/// The requests that a builder is asked have a type of their own; those that only a store of one's own is asked
/// are kept as [Other], with their fields as they came, so that they can be read to their end and refused by
/// name.
public sealed interface WorkerRequest {
    WorkerOperation operation();

    /// What follows a request on the wire.
    enum Payload {
        NONE,
        /// A framed stream.
        FRAMED,
        /// One NAR, asked for with READ messages, chunk by chunk.
        PULLED,
        /// One NAR, right behind the request.
        INLINE
    }

    record IsValidPath(StorePath path) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.IS_VALID_PATH;
        }
    }

    record QueryPathInfo(StorePath path) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_PATH_INFO;
        }
    }

    record QueryValidPaths(SortedSet<StorePath> paths, boolean substitute) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_VALID_PATHS;
        }
    }

    record NarFromPath(StorePath path) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.NAR_FROM_PATH;
        }
    }

    record AddToStoreNar(PathInfo info, boolean repair, boolean dontCheckSignatures) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.ADD_TO_STORE_NAR;
        }
    }

    /// Followed by a framed stream of a count and, for each, a path info and a NAR.
    record AddMultipleToStore(boolean repair, boolean dontCheckSignatures) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.ADD_MULTIPLE_TO_STORE;
        }
    }

    record BuildDerivation(StorePath drvPath, BasicDerivation derivation, BuildMode mode) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.BUILD_DERIVATION;
        }
    }

    record AddTempRoot(StorePath path) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.ADD_TEMP_ROOT;
        }
    }

    record EnsurePath(StorePath path) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.ENSURE_PATH;
        }
    }

    /// BuildPaths or BuildPathsWithResults.
    record BuildPaths(WorkerOperation operation, List<DerivedPath> paths, BuildMode mode) implements WorkerRequest {}

    record QueryMissing(List<DerivedPath> paths) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_MISSING;
        }
    }

    record QuerySubstitutablePaths(SortedSet<StorePath> paths) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_SUBSTITUTABLE_PATHS;
        }
    }

    record QuerySubstitutablePathInfos(SortedMap<StorePath, Optional<ContentAddress>> paths) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_SUBSTITUTABLE_PATH_INFOS;
        }
    }

    record QueryAllValidPaths() implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_ALL_VALID_PATHS;
        }
    }

    record QueryPathFromHashPart(String hashPart) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_PATH_FROM_HASH_PART;
        }
    }

    record QueryRealisation(RealisationId id) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_REALISATION;
        }
    }

    record RegisterDrvOutput(Realisation realisation) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.REGISTER_DRV_OUTPUT;
        }
    }

    /// Only by [WorkerFeature#ADD_TEMP_ROOTS].
    record AddTempRoots(SortedSet<StorePath> paths) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.ADD_TEMP_ROOTS;
        }
    }

    /// Only by [WorkerFeature#QUERY_PATH_INFOS].
    record QueryPathInfos(SortedSet<StorePath> paths) implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.QUERY_PATH_INFOS;
        }
    }

    record SyncWithGc() implements WorkerRequest {
        @Override
        public WorkerOperation operation() {
            return WorkerOperation.SYNC_WITH_GC;
        }
    }

    /// @param values    the twelve numbers and flags before the overrides, in their order on the wire
    /// @param overrides setting to value
    record SetOptions(List<Long> values, SortedMap<String, ByteString> overrides) implements WorkerRequest {
        public static final int VALUES = 12;

        /// For one build at a time whose log is shown, with all cores and substituters that there are.
        ///
        /// @param verbosity of the messages that the far end sends
        /// @param passesOn  whether it may use builders of its own, if it has some
        static SetOptions of(BuildOptions options, long verbosity, boolean passesOn) {
            long keepFailed = options.keepFailed() ? 1 : 0;
            long maxSilent = options.maxSilent().toSeconds();
            return new SetOptions(
                    List.of(keepFailed, 0L, 0L, verbosity, 1L, maxSilent, 1L, 0L, 0L, 0L, 0L, 1L),
                    passesOn ? Collections.emptySortedMap() : new TreeMap<>(Map.of("builders", ByteString.of(""))));
        }

        @Override
        public WorkerOperation operation() {
            return WorkerOperation.SET_OPTIONS;
        }
    }

    /// A request that no builder is asked: read to its end, kept as it came.
    record Other(WorkerOperation operation, List<Field> fields) implements WorkerRequest {}

    /// One field of a request that is kept as it came.
    sealed interface Field {
        record Int(long value) implements Field {}

        record Text(ByteString value) implements Field {}

        record Texts(List<ByteString> values) implements Field {}
    }
}
