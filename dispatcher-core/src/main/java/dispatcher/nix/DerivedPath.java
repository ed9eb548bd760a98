package dispatcher.nix;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a client wants to have: a path, or outputs of a derivation.
///
/// Source: Nix, `src/libstore/derived-path.cc`, `path-with-outputs.cc`.
public sealed interface DerivedPath {
    /// A path as it is; of a `.drv`, the file itself.
    record Opaque(StorePath path) implements DerivedPath {}

    /// @param outputs names; empty means all
    record Built(StorePath derivation, SortedSet<String> outputs) implements DerivedPath {
        public Built {
            outputs = Collections.unmodifiableSortedSet(new TreeSet<>(outputs));
        }
    }

    /// Reads the form from protocol 1.30 on: `<path>`, `<drv>!*` or `<drv>!out,dev`.
    static DerivedPath parse(StoreDir storeDir, String text) {
        int mark = text.lastIndexOf('!');
        if (mark < 0) return new Opaque(storeDir.parse(text));
        return new Built(storeDir.parse(text.substring(0, mark)), parseOutputs(text, text.substring(mark + 1)));
    }

    /// Reads the form before 1.30: `<path>[!out,dev]`, where a `.drv` alone means all its outputs.
    static DerivedPath parseLegacy(StoreDir storeDir, String text) {
        int mark = text.lastIndexOf('!');
        if (mark >= 0) return parse(storeDir, text);
        var path = storeDir.parse(text);
        return path.isDerivation() ? new Built(path, new TreeSet<>()) : new Opaque(path);
    }

    private static SortedSet<String> parseOutputs(String whole, String names) {
        var outputs = new TreeSet<String>();
        if (names.equals("*")) return outputs;
        for (var name : names.split(",", -1)) {
            StorePath.requireName("list of outputs", name, 0);
            outputs.add(name);
        }
        if (outputs.isEmpty()) throw NixSyntaxException.of("derived path", whole, "it names no output");
        return outputs;
    }

    /// Writes the form from protocol 1.30 on.
    default String print(StoreDir storeDir) {
        return switch (this) {
            case Opaque(var path) -> storeDir.print(path);
            case Built(var derivation, var outputs) ->
                storeDir.print(derivation) + "!" + (outputs.isEmpty() ? "*" : String.join(",", outputs));
        };
    }

    /// Writes the form before 1.30. There an opaque `.drv` looks the same as its outputs.
    default String printLegacy(StoreDir storeDir) {
        return switch (this) {
            case Opaque(var path) -> storeDir.print(path);
            case Built(var derivation, var outputs) ->
                outputs.isEmpty()
                        ? storeDir.print(derivation)
                        : storeDir.print(derivation) + "!" + String.join(",", outputs);
        };
    }
}
