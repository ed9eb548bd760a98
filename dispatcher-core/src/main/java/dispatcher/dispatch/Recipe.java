package dispatcher.dispatch;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildOptions;
import java.util.LinkedHashSet;
import java.util.List;

/// How to make an output once more, if the machine that has it goes before its client has it.
record Recipe(StorePath drvPath, BasicDerivation derivation, BuildOptions options) {
    /// The paths that came out: as the derivation says, and where it cannot, as the machine says.
    static List<StorePath> outputs(BasicDerivation derivation, BuildResult result) {
        var outputs = new LinkedHashSet<StorePath>();
        for (var output : derivation.outputs().values()) output.path().ifPresent(outputs::add);
        result.outputs().values().stream().map(Realisation::outPath).forEach(outputs::add);
        return List.copyOf(outputs);
    }
}
