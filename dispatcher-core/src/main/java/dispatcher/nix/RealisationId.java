package dispatcher.nix;

/// Which output of which derivation a realisation is of.
public sealed interface RealisationId {
    String outputName();

    /// As Nix 2.4 to 2.34 have it.
    ///
    /// @param hash of the derivation modulo its fixed inputs, `sha256:<base 16>`
    record OfHash(String hash, String outputName) implements RealisationId {
        private static final String UNKNOWN = "sha256:" + "0".repeat(64);

        /// With a hash that nobody will look at: all zero, as newer versions write it for older ones.
        static OfHash unknown(String outputName) {
            return new OfHash(UNKNOWN, outputName);
        }

        /// `<hash>!<output name>`
        @Override
        public String toString() {
            return hash + "!" + outputName;
        }
    }

    /// As Nix has it from 2.35 on.
    record OfPath(StorePath drvPath, String outputName) implements RealisationId {
        /// `<base name>^<output name>`
        @Override
        public String toString() {
            return drvPath.baseName() + "^" + outputName;
        }
    }

    /// Reads `<hash>!<output name>`.
    ///
    /// @throws NixSyntaxException if it is none
    static OfHash parse(String text) {
        int mark = text.indexOf('!');
        if (mark < 0) throw NixSyntaxException.of("realisation id", text, "a hash, '!' and an output name");
        return new OfHash(text.substring(0, mark), text.substring(mark + 1));
    }
}
