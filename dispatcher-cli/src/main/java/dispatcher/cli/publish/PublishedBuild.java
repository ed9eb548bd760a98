package dispatcher.cli.publish;

import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.util.List;

/// A build that went well.
///
/// @param outputs not empty
record PublishedBuild(StorePath drvPath, String machine, List<StorePath> outputs) {
    PublishedBuild {
        outputs = List.copyOf(outputs);
    }

    List<String> paths() {
        return outputs.stream().map(StoreDir.NIX_STORE::print).toList();
    }
}
