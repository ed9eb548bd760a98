package dispatcher.nix;

import dispatcher.nix.ContentAddress.Method;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.TreeSet;

/// Computes the store paths that follow from a content or from a derivation.
///
/// A path's hash part is a SHA-256, folded to 20 bytes, of `<type>:sha256:<base 16>:<store directory>:<name>`;
/// type and inner hash depend on what the path is made of. Source: Nix 2.36, `src/libstore/store-dir-config.cc`.
public final class StorePaths {
    private static final int HASH_BYTES = 20;
    private static final String WHAT = "name of a store path";

    private StorePaths() {}

    /// A text file: a `.drv` file or what `builtins.toFile` makes.
    ///
    /// @param content    the SHA-256 of the file's content
    /// @param references what the text refers to; never itself
    public static StorePath text(StoreDir storeDir, String name, Hash content, Collection<StorePath> references) {
        return make(storeDir, withReferences(storeDir, "text", references, false), sha256(content), name);
    }

    /// An object known by the SHA-256 of its NAR: sources, and outputs that are content-addressed so.
    ///
    /// @param content        the hash of the NAR, in which the object's own hash part has been made zero
    /// @param references     all but the path itself
    /// @param selfReferences whether the object refers to itself
    public static StorePath source(
            StoreDir storeDir, String name, Hash content, Collection<StorePath> references, boolean selfReferences) {
        return make(storeDir, withReferences(storeDir, "source", references, selfReferences), sha256(content), name);
    }

    /// An output whose content is known beforehand and refers to nothing.
    ///
    /// @throws NixSyntaxException if no object can have that address
    public static StorePath fixedOutput(StoreDir storeDir, String name, Method method, Hash content) {
        return switch (method) {
            case TEXT -> of(storeDir, name, new ContentAddress(method, content), new TreeSet<>(), false);
            case NAR ->
                content.algorithm() == HashAlgorithm.SHA256
                        ? source(storeDir, name, content, new TreeSet<>(), false)
                        : fixed(storeDir, name, method, content);
            case FLAT, GIT -> fixed(storeDir, name, method, content);
        };
    }

    private static StorePath fixed(StoreDir storeDir, String name, Method method, Hash content) {
        var inner = "fixed:out:%s%s:%s:"
                .formatted(method.derivationPrefix(), content.algorithm().nixName(), content.base16());
        return make(storeDir, "output:out", Hash.sha256(ascii(inner)), name);
    }

    /// An output of a derivation whose path follows from the derivation.
    ///
    /// @param modulo the derivation's masked hash
    public static StorePath output(StoreDir storeDir, String derivationName, String output, Hash modulo) {
        return make(storeDir, "output:" + output, modulo, outputName(derivationName, output));
    }

    /// What stands for the path of an output in the derivation itself, as long as that path is not known.
    ///
    /// Source: Nix 2.36, `src/libstore/derivations.cc`, `hashPlaceholder`.
    public static String placeholder(String output) {
        return "/" + Hash.sha256(ascii("nix-output:" + output)).nix32();
    }

    /// The name of an output's path: the derivation's, and the output's unless that is `out`.
    public static String outputName(String derivationName, String output) {
        return output.equals("out") ? derivationName : derivationName + "-" + output;
    }

    /// The path of an object with that content address.
    ///
    /// @param references all but the path itself
    /// @throws NixSyntaxException if no object can have that address and refer to what it does
    public static StorePath of(
            StoreDir storeDir,
            String name,
            ContentAddress address,
            Collection<StorePath> references,
            boolean selfReferences) {
        var hash = address.hash();
        boolean isSha256 = hash.algorithm() == HashAlgorithm.SHA256;
        return switch (address.method()) {
            case TEXT -> {
                if (selfReferences) throw wrong(address, "a text cannot refer to itself");
                if (!isSha256) throw wrong(address, "texts are addressed by SHA-256 only");
                yield text(storeDir, name, hash, references);
            }
            case NAR -> {
                if (isSha256) yield source(storeDir, name, hash, references, selfReferences);
                yield withoutReferences(storeDir, name, address, references, selfReferences);
            }
            case FLAT, GIT -> withoutReferences(storeDir, name, address, references, selfReferences);
        };
    }

    private static StorePath withoutReferences(
            StoreDir storeDir,
            String name,
            ContentAddress address,
            Collection<StorePath> references,
            boolean selfReferences) {
        if (selfReferences || !references.isEmpty()) throw wrong(address, "objects addressed so refer to nothing");
        return fixed(storeDir, name, address.method(), address.hash());
    }

    /// Whether `path` is the one that follows from its content address, its name and its references. Such a path
    /// can be trusted without a signature, once its content has been found to have that address.
    ///
    /// @param references with the path itself if it refers to itself
    public static boolean isAddressedBy(
            StoreDir storeDir, StorePath path, ContentAddress address, Collection<StorePath> references) {
        var others = new TreeSet<>(references);
        boolean selfReferences = others.remove(path);
        try {
            return of(storeDir, path.name(), address, others, selfReferences).equals(path);
        } catch (NixSyntaxException e) {
            return false;
        }
    }

    private static StorePath make(StoreDir storeDir, String type, Hash inner, String name) {
        StorePath.requireName(WHAT, name);
        var fingerprint = "%s:sha256:%s:%s:%s".formatted(type, inner.base16(), storeDir.path(), name);
        var hash = Hash.sha256(fingerprint.getBytes(StandardCharsets.UTF_8)).bytes();
        var folded = new byte[HASH_BYTES];
        for (int i = 0; i < hash.length(); i++) folded[i % HASH_BYTES] ^= hash.at(i);
        return StorePath.of(Nix32.encode(folded), name);
    }

    private static String withReferences(
            StoreDir storeDir, String type, Collection<StorePath> references, boolean selfReferences) {
        var text = new StringBuilder(type);
        for (var reference : new TreeSet<>(references)) text.append(':').append(storeDir.print(reference));
        if (selfReferences) text.append(":self");
        return text.toString();
    }

    private static Hash sha256(Hash hash) {
        if (hash.algorithm() != HashAlgorithm.SHA256)
            throw new IllegalArgumentException("a SHA-256 expected, not " + hash);
        return hash;
    }

    private static NixSyntaxException wrong(ContentAddress address, String fault) {
        return NixSyntaxException.of("content address of a store path", address.toString(), fault);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
