package dispatcher.nix;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What a builder needs of a derivation: all but the derivations that its inputs come from.
///
/// @param outputs      by output name, never empty
/// @param inputSources store paths that the build may read; from a client the whole closure, or its roots
/// @param platform     e.g. `x86_64-linux`, or `builtin`
/// @param builder      a path, or `builtin:…`
/// @param environment  sorted by key; structured attributes are the JSON text under `__json`
public record BasicDerivation(
        SortedMap<String, DerivationOutput> outputs,
        Set<StorePath> inputSources,
        String platform,
        ByteString builder,
        List<ByteString> arguments,
        SortedMap<ByteString, ByteString> environment) {
    public BasicDerivation {
        if (outputs.isEmpty()) throw new IllegalArgumentException("a derivation has at least one output");
        outputs = Collections.unmodifiableSortedMap(new TreeMap<>(outputs));
        inputSources = Collections.unmodifiableSortedSet(new TreeSet<>(inputSources));
        arguments = List.copyOf(arguments);
        environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
    }

    /// The same with other store paths that the build may read.
    public BasicDerivation withInputs(Set<StorePath> inputs) {
        return new BasicDerivation(outputs, inputs, platform, builder, arguments, environment);
    }
}
