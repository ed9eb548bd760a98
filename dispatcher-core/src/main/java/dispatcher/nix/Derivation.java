package dispatcher.nix;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// A whole derivation, as a `.drv` file has it: a [BasicDerivation] and the derivations that its inputs come from.
///
/// Its name is not in it; that is its store path's, without `.drv`.
///
/// @param outputs          by output name; a text may have none, but then it cannot be built
/// @param inputDerivations which outputs of which other derivations the build reads
public record Derivation(
        SortedMap<String, DerivationOutput> outputs,
        SortedMap<StorePath, InputOutputs> inputDerivations,
        SortedSet<StorePath> inputSources,
        String platform,
        ByteString builder,
        List<ByteString> arguments,
        SortedMap<ByteString, ByteString> environment) {
    /// Outputs of one input derivation.
    ///
    /// @param names   outputs that the build reads
    /// @param dynamic by name of an output that is a derivation itself: which of *its* outputs the build reads.
    ///     Experimental in Nix (`dynamic-derivations`), and empty otherwise
    public record InputOutputs(SortedSet<String> names, SortedMap<String, InputOutputs> dynamic) {
        public InputOutputs {
            names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
            dynamic = Collections.unmodifiableSortedMap(new TreeMap<>(dynamic));
        }

        public static InputOutputs of(String... names) {
            return new InputOutputs(new TreeSet<>(List.of(names)), new TreeMap<>());
        }
    }

    public Derivation {
        outputs = Collections.unmodifiableSortedMap(new TreeMap<>(outputs));
        inputDerivations = Collections.unmodifiableSortedMap(new TreeMap<>(inputDerivations));
        inputSources = Collections.unmodifiableSortedSet(new TreeSet<>(inputSources));
        arguments = List.copyOf(arguments);
        environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
    }

    /// A derivation whose inputs are paths alone.
    public static Derivation resolved(BasicDerivation basic) {
        return new Derivation(
                basic.outputs(),
                Collections.emptySortedMap(),
                new TreeSet<>(basic.inputSources()),
                basic.platform(),
                basic.builder(),
                basic.arguments(),
                basic.environment());
    }

    /// Whether an input is an output of a derivation that only another build makes.
    public boolean hasDynamicInputs() {
        return inputDerivations.values().stream()
                .anyMatch(input -> !input.dynamic().isEmpty());
    }

    /// What the `.drv` file itself refers to: its input sources and the `.drv` files of its inputs.
    public SortedSet<StorePath> references() {
        var references = new TreeSet<>(inputSources);
        references.addAll(inputDerivations.keySet());
        return references;
    }

    /// The part that a builder gets, with the input sources alone.
    ///
    /// @throws IllegalArgumentException if there are no outputs
    public BasicDerivation toBasic() {
        return toBasic(inputSources);
    }

    /// The part that a builder gets.
    ///
    /// @param inputs store paths that the build may read, the outputs of the input derivations among them
    /// @throws IllegalArgumentException if there are no outputs
    public BasicDerivation toBasic(SortedSet<StorePath> inputs) {
        return new BasicDerivation(outputs, inputs, platform, builder, arguments, environment);
    }
}
