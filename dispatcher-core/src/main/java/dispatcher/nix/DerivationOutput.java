package dispatcher.nix;

import dispatcher.nix.ContentAddress.MethodAlgorithm;
import java.util.Optional;

/// One output of a derivation, by how its path comes about.
///
/// On the wire and in `.drv` files each is three strings: path, method and algorithm, hash; empty where not known.
/// Source: Nix, `src/libstore/derivation/aterm.cc`.
public sealed interface DerivationOutput {
    /// The path follows from the derivation; it is known before the build.
    record InputAddressed(StorePath outPath) implements DerivationOutput {}

    /// The content is known before the build, and so is the path.
    record Fixed(StorePath outPath, MethodAlgorithm method, Hash hash) implements DerivationOutput {}

    /// The path follows from what the build makes.
    record Floating(MethodAlgorithm method) implements DerivationOutput {}

    /// Input-addressed, but an input's path is not known yet.
    record Deferred() implements DerivationOutput {}

    /// Content-addressed and built anew every time.
    record Impure(MethodAlgorithm method) implements DerivationOutput {}

    /// The output's path where it is known before the build.
    default Optional<StorePath> path() {
        return switch (this) {
            case InputAddressed(var path) -> Optional.of(path);
            case Fixed fixed -> Optional.of(fixed.outPath());
            case Floating _, Deferred _, Impure _ -> Optional.empty();
        };
    }

    /// Reads the three strings; `path` is a full path or empty.
    ///
    /// @throws NixSyntaxException if they belong to none of the five kinds
    static DerivationOutput parse(StoreDir storeDir, String path, String methodAlgorithm, String hash) {
        if (methodAlgorithm.isEmpty()) {
            if (!hash.isEmpty()) throw NixSyntaxException.of("derivation output", hash, "a hash without an algorithm");
            return path.isEmpty() ? new Deferred() : new InputAddressed(storeDir.parse(path));
        }
        var method = MethodAlgorithm.parseDerivation(methodAlgorithm);
        if (hash.equals("impure")) {
            if (!path.isEmpty()) throw NixSyntaxException.of("derivation output", path, "an impure output has no path");
            return new Impure(method);
        }
        if (hash.isEmpty()) {
            if (!path.isEmpty())
                throw NixSyntaxException.of("derivation output", path, "a path with an algorithm but without a hash");
            return new Floating(method);
        }
        return new Fixed(storeDir.parse(path), method, Hash.parse(method.algorithm(), hash));
    }

    /// The second of the three strings: empty, `sha256`, `r:sha256` and so on.
    default String methodText() {
        return switch (this) {
            case InputAddressed _, Deferred _ -> "";
            case Fixed fixed -> fixed.method().derivationForm();
            case Floating(var method) -> method.derivationForm();
            case Impure(var method) -> method.derivationForm();
        };
    }

    /// The third of the three strings: base 16, `impure`, or empty.
    default String hashText() {
        return switch (this) {
            case InputAddressed _, Deferred _, Floating _ -> "";
            case Fixed fixed -> fixed.hash().base16();
            case Impure _ -> "impure";
        };
    }
}
