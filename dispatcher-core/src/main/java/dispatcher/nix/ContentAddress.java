package dispatcher.nix;

import java.util.Optional;

/// How a content-addressed object follows from its content: `text:sha256:…`, `fixed:<algorithm>:…`, `fixed:r:…`,
/// `fixed:git:…`.
///
/// Source: Nix, `src/libstore/content-address.cc`.
public record ContentAddress(Method method, Hash hash) {
    /// What is hashed, and how a derivation and a content address spell it.
    public enum Method {
        FLAT("", "fixed:"),
        NAR("r:", "fixed:r:"),
        GIT("git:", "fixed:git:"),
        TEXT("text:", "text:");

        private final String derivationPrefix;
        private final String addressPrefix;

        Method(String derivationPrefix, String addressPrefix) {
            this.derivationPrefix = derivationPrefix;
            this.addressPrefix = addressPrefix;
        }

        /// The prefix before the algorithm in a derivation's output: empty for flat.
        public String derivationPrefix() {
            return derivationPrefix;
        }

        /// The prefix before the algorithm in a content address.
        public String addressPrefix() {
            return addressPrefix;
        }
    }

    /// A method and an algorithm, without a hash: `r:sha256` in a derivation, `fixed:r:sha256` in a request to add a
    /// file.
    public record MethodAlgorithm(Method method, HashAlgorithm algorithm) {
        /// Reads the form of derivations.
        public static MethodAlgorithm parseDerivation(String text) {
            for (var method : new Method[] {Method.NAR, Method.GIT, Method.TEXT})
                if (text.startsWith(method.derivationPrefix))
                    return new MethodAlgorithm(
                            method, HashAlgorithm.parse(text.substring(method.derivationPrefix.length())));
            return new MethodAlgorithm(Method.FLAT, HashAlgorithm.parse(text));
        }

        /// Reads the form of content addresses.
        public static MethodAlgorithm parseAddress(String text) {
            for (var method : new Method[] {Method.NAR, Method.GIT, Method.TEXT, Method.FLAT})
                if (text.startsWith(method.addressPrefix))
                    return new MethodAlgorithm(
                            method, HashAlgorithm.parse(text.substring(method.addressPrefix.length())));
            throw NixSyntaxException.of("content-addressing method", text, "it begins with 'text:' or 'fixed:'");
        }

        public String derivationForm() {
            return method.derivationPrefix + algorithm.nixName();
        }

        public String addressForm() {
            return method.addressPrefix + algorithm.nixName();
        }
    }

    public static ContentAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) throw NixSyntaxException.of("content address", text, "it is a method, an algorithm and a hash");
        var what = MethodAlgorithm.parseAddress(text.substring(0, colon));
        return new ContentAddress(what.method(), Hash.parse(what.algorithm(), text.substring(colon + 1)));
    }

    /// Reads a field of the wire, where the empty string says that there is none.
    public static Optional<ContentAddress> parseOptional(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(parse(text));
    }

    @Override
    public String toString() {
        return method.addressPrefix + hash.algorithm().nixName() + ":" + hash.nix32();
    }
}
