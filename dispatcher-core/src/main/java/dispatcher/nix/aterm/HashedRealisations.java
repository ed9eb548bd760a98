package dispatcher.nix.aterm;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.Derivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import java.util.Optional;
import java.util.TreeMap;

/// Names what came out of a build the way Nix 2.4 to 2.34 does: by the hash of its derivation. They keep what a
/// builder says of outputs whose paths are not known beforehand under the id that it comes with; newer builders
/// do not send that id, and no builder could be believed if it sent another one.
///
/// Those versions build such a derivation when its inputs are paths and not derivations any more, so its hash
/// follows from what the builder gets. Source: Nix 2.34, `src/nix/build-remote/build-remote.cc`.
public final class HashedRealisations {
    private HashedRealisations() {}

    /// `result` with the id of each output that has no path beforehand. A signature stays with the id that it is
    /// for.
    ///
    /// @param derivation with the inputs that the client has named
    public static BuildResult of(StoreDir storeDir, BasicDerivation derivation, BuildResult result) {
        if (result.outputs().isEmpty() || !isAddressed(derivation)) return result;
        var hashes = hash(storeDir, derivation);
        if (hashes.isEmpty()) return result;
        var realised = new TreeMap<String, Realisation>();
        result.outputs().forEach((name, realisation) -> {
            var hash = hashes.get().outputs().get(name);
            realised.put(
                    name,
                    hash == null
                            ? realisation
                            : named(new RealisationId.OfHash("sha256:" + hash.base16(), name), realisation));
        });
        return result.withOutputs(realised);
    }

    private static Realisation named(RealisationId id, Realisation realisation) {
        return id.equals(realisation.id()) ? realisation : Realisation.unsigned(id, realisation.outPath());
    }

    private static boolean isAddressed(BasicDerivation derivation) {
        return derivation.outputs().values().stream().allMatch(output -> switch (output) {
            case DerivationOutput.Floating _, DerivationOutput.Impure _ -> true;
            case DerivationOutput.Fixed _, DerivationOutput.InputAddressed _, DerivationOutput.Deferred _ -> false;
        });
    }

    /// Empty for what cannot be in a `.drv` file, so that no client has it in one.
    private static Optional<DerivationHash.Modulo> hash(StoreDir storeDir, BasicDerivation derivation) {
        var hash = new DerivationHash(storeDir, path -> {
            throw new IllegalStateException(path + " is no input");
        });
        try {
            return Optional.of(hash.masked(Derivation.resolved(derivation)));
        } catch (NixSyntaxException e) {
            return Optional.empty();
        }
    }
}
