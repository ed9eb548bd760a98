package dispatcher.protocol.serve;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildOptions;
import java.util.List;
import java.util.SortedSet;

/// A command of the serve protocol, without the NAR that [AddToStoreNar] and [ImportPaths] are followed by.
public sealed interface ServeRequest {
    /// The number on the wire.
    int number();

    record QueryValidPaths(boolean lock, boolean substitute, SortedSet<StorePath> paths) implements ServeRequest {
        @Override
        public int number() {
            return 1;
        }
    }

    record QueryPathInfos(SortedSet<StorePath> paths) implements ServeRequest {
        @Override
        public int number() {
            return 2;
        }
    }

    record DumpStorePath(StorePath path) implements ServeRequest {
        @Override
        public int number() {
            return 3;
        }
    }

    record ImportPaths() implements ServeRequest {
        @Override
        public int number() {
            return 4;
        }
    }

    record ExportPaths(SortedSet<StorePath> paths) implements ServeRequest {
        @Override
        public int number() {
            return 5;
        }
    }

    /// @param paths as the client wrote them, each `<path>[!out,…]`
    record BuildPaths(List<String> paths, BuildOptions options) implements ServeRequest {
        @Override
        public int number() {
            return 6;
        }
    }

    record QueryClosure(boolean includeOutputs, SortedSet<StorePath> paths) implements ServeRequest {
        @Override
        public int number() {
            return 7;
        }
    }

    record BuildDerivation(StorePath drvPath, BasicDerivation derivation, BuildOptions options)
            implements ServeRequest {
        @Override
        public int number() {
            return 8;
        }
    }

    /// Followed by the NAR, as many bytes as its info says.
    record AddToStoreNar(PathInfo info) implements ServeRequest {
        @Override
        public int number() {
            return 9;
        }
    }
}
