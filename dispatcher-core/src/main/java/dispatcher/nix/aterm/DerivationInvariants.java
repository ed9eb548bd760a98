package dispatcher.nix.aterm;

import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.Derivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// What must hold of a derivation, or else its hash says nothing about its outputs: the masked hash leaves out the
/// output paths and the variables that are named like outputs, so all of these have to follow from the rest.
///
/// | output | its path | its variable |
/// |---|---|---|
/// | input-addressed | the one that follows from the masked hash | is there, and is the path |
/// | fixed | the one that follows from the content | is there, and is the path |
/// | floating | none | missing, or the placeholder |
/// | deferred | none, as it depends on a path that is not known yet | anything, as no path follows from such a hash |
/// | impure | none | anything, as all impure derivations have the same hash |
///
/// The same holds with structured attributes: Nix sets these variables beside `__json`. All outputs are of one kind;
/// one that is fixed is the only one, and is named `out`; those that are floating or impure share an algorithm.
///
/// Stricter than Nix where Nix only warns (an output that is deferred without need), where it compares paths rather
/// than bytes (Nix before 2.32), and for the variables of floating outputs, which Nix does not look at: a daemon
/// finds the path of a floating output by the masked hash, and would hand out what another derivation made.
///
/// Source: Nix 2.36, `src/libstore/derivations.cc`, `processDerivationOutputPaths` and `DerivationT::type`.
final class DerivationInvariants {
    private final StoreDir storeDir;
    private final Derivation derivation;
    private final Map<String, StorePath> following;

    /// @param following the output paths that follow from the derivation, see [DerivationHash#outputPaths]
    DerivationInvariants(StoreDir storeDir, Derivation derivation, Map<String, StorePath> following) {
        this.storeDir = storeDir;
        this.derivation = derivation;
        this.following = following;
    }

    /// What does not hold, as a sentence about the derivation; empty if all does.
    Optional<String> objection() {
        var objection = objectionToKinds();
        if (objection.isPresent()) return objection;
        for (var output : derivation.outputs().entrySet()) {
            objection = objection(output.getKey(), output.getValue());
            if (objection.isPresent()) return objection;
        }
        return Optional.empty();
    }

    // ---- which outputs there may be

    private Optional<String> objectionToKinds() {
        var outputs = derivation.outputs();
        if (outputs.isEmpty()) return Optional.of("it has no outputs");
        var kinds = new TreeSet<String>();
        for (var output : outputs.values()) kinds.add(kind(output));
        if (kinds.size() > 1)
            return Optional.of("its outputs are of several kinds, %s, and should be of one"
                    .formatted(String.join(" and ", kinds)));
        return switch (outputs.firstEntry().getValue()) {
            case DerivationOutput.InputAddressed _, DerivationOutput.Deferred _ -> Optional.empty();
            case DerivationOutput.Fixed _ -> objectionToFixed(outputs.keySet());
            case DerivationOutput.Floating _, DerivationOutput.Impure _ -> objectionToAlgorithms();
        };
    }

    private static Optional<String> objectionToFixed(Collection<String> names) {
        if (names.size() == 1 && names.contains("out")) return Optional.empty();
        return Optional.of("it fixes %s, and a derivation can fix only one output, which is named out"
                .formatted(String.join(", ", names)));
    }

    private Optional<String> objectionToAlgorithms() {
        var algorithms = new TreeSet<String>();
        for (var output : derivation.outputs().values())
            method(output).ifPresent(method -> algorithms.add(method.algorithm().nixName()));
        if (algorithms.size() == 1) return Optional.empty();
        return Optional.of("its outputs are hashed by several algorithms, %s, and should be by one"
                .formatted(String.join(" and ", algorithms)));
    }

    private static Optional<MethodAlgorithm> method(DerivationOutput output) {
        return switch (output) {
            case DerivationOutput.Fixed fixed -> Optional.of(fixed.method());
            case DerivationOutput.Floating(var method) -> Optional.of(method);
            case DerivationOutput.Impure(var method) -> Optional.of(method);
            case DerivationOutput.InputAddressed _, DerivationOutput.Deferred _ -> Optional.empty();
        };
    }

    private static String kind(DerivationOutput output) {
        return switch (output) {
            case DerivationOutput.InputAddressed _ -> "input-addressed";
            case DerivationOutput.Fixed _ -> "fixed";
            case DerivationOutput.Floating _ -> "floating";
            case DerivationOutput.Deferred _ -> "deferred";
            case DerivationOutput.Impure _ -> "impure";
        };
    }

    // ---- what each says of itself

    private Optional<String> objection(String name, DerivationOutput output) {
        var path = Optional.ofNullable(following.get(name));
        return switch (output) {
            case DerivationOutput.InputAddressed(var said) ->
                path.isPresent()
                        ? objectionToPath(name, said, path.get())
                        : Optional.of("its output %s is said to be %s, and should be deferred".formatted(name, said));
            case DerivationOutput.Fixed fixed -> objectionToPath(name, fixed.outPath(), path.orElseThrow());
            case DerivationOutput.Deferred _ ->
                path.map(known -> "its output %s is deferred, and should be %s".formatted(name, known));
            case DerivationOutput.Floating _ -> {
                var placeholder = StorePaths.placeholder(name);
                yield variable(name).isEmpty() ? Optional.empty() : objectionToVariable(name, placeholder);
            }
            case DerivationOutput.Impure _ -> Optional.empty();
        };
    }

    private Optional<String> objectionToPath(String name, StorePath said, StorePath expected) {
        if (said.equals(expected)) return objectionToVariable(name, storeDir.print(expected));
        return Optional.of(
                "the path of its output %s should be %s, and is said to be %s".formatted(name, expected, said));
    }

    private Optional<String> objectionToVariable(String name, String expected) {
        var value = variable(name);
        if (value.isEmpty())
            return Optional.of("its environment variable %s is missing, and should be '%s'".formatted(name, expected));
        if (value.get().equals(ByteString.of(expected))) return Optional.empty();
        return Optional.of("its environment variable %s should be '%s', and is '%s'"
                .formatted(name, expected, NixSyntaxException.shown(value.get().utf8())));
    }

    private Optional<ByteString> variable(String name) {
        return Optional.ofNullable(derivation.environment().get(ByteString.of(name)));
    }
}
