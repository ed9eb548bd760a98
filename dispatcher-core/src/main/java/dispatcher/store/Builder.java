package dispatcher.store;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StorePath;
import java.io.IOException;

/// Builds derivations. Each method blocks until the build has ended.
public interface Builder {
    /// Builds a derivation whose inputs the store has. A build that fails is a result; an exception says that
    /// the store could not do its part.
    BuildResult buildDerivation(StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException;

    /// Builds a derivation whose `.drv` file the store has, with all that it refers to. Otherwise like
    /// [#buildDerivation].
    default BuildResult buildStoredDerivation(StorePath drvPath, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        throw new StoreRefusedException("this store builds no derivation by the path of its .drv file");
    }
}
