package dispatcher.session.rights;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.wire.Limits;
import java.util.Collection;
import java.util.Optional;

/// What of a client's requests can be passed on: what a machine answers to it has to be within what is read of a
/// machine, or else an honest one would be taken for one that says too much. Nothing comes near that in practice.
public final class Passable {
    /// Of one derivation.
    static final int MOST_OUTPUTS = 10_000;

    /// What an info has beside its references and signatures, and more.
    private static final long REST_BYTES = 4096;

    /// An output whose path is not known yet may have the longest name.
    private static final long LONGEST_PATH_BYTES = 256;

    private Passable() {}

    /// Why a derivation cannot be built; empty if it can. What it makes may refer to all inputs and outputs.
    public static Optional<String> objection(StorePath drvPath, BasicDerivation derivation, StoreDir storeDir) {
        int outputs = derivation.outputs().size();
        if (outputs > MOST_OUTPUTS)
            return Optional.of("%s has %d outputs, and the dispatcher can pass on no more than %d"
                    .formatted(drvPath, outputs, MOST_OUTPUTS));
        return objection(
                "what outputs of %s may refer to".formatted(drvPath),
                derivation.inputSources().size() + (long) outputs,
                bytes(derivation.inputSources(), storeDir) + outputs * (LONGEST_PATH_BYTES + Limits.STRING_BYTES));
    }

    private static long bytes(Collection<StorePath> paths, StoreDir storeDir) {
        long each = storeDir.toString().length() + 1L + Limits.STRING_BYTES;
        long bytes = 0;
        for (var path : paths) bytes += each + path.baseName().length();
        return bytes;
    }

    private static Optional<String> objection(String what, long strings, long bytes) {
        long most = Limits.INFO.messageBytes() - REST_BYTES;
        if (strings <= Limits.INFO.elements() && bytes <= most) return Optional.empty();
        return Optional.of("%s has %d entries of %d bytes, and the dispatcher can pass on no more than %d of %d bytes"
                .formatted(what, strings, bytes, Limits.INFO.elements(), most));
    }
}
