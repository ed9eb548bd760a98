package dispatcher.nix;

/// The base name of an object in a Nix store, `<32 base-32 digits>-<name>`, without the store directory.
///
/// The name has 1 to 211 chars of `0-9 a-z A-Z + - . _ ? =`, and is not `.`, `..` nor begins with `.-` or `..-`.
/// Ordered as on the wire (ASCII bytes). [StoreDir] turns it into a full path and back.
///
/// Source: Nix 2.34, `src/libstore/path.cc`.
public record StorePath(String baseName) implements Comparable<StorePath> {
    public static final int HASH_DIGITS = 32;
    private static final int MAX_NAME = 211;
    private static final String WHAT = "store path name";

    public StorePath {
        if (baseName.length() < HASH_DIGITS + 2)
            throw NixSyntaxException.of(WHAT, baseName, "it has 32 digits, a dash and a name");
        for (int i = 0; i < HASH_DIGITS; i++)
            if (!Nix32.isDigit(baseName.charAt(i)))
                throw NixSyntaxException.at(WHAT, baseName, i, "a digit of " + Nix32.ALPHABET);
        if (baseName.charAt(HASH_DIGITS) != '-')
            throw NixSyntaxException.at(WHAT, baseName, HASH_DIGITS, "a dash between hash and name");
        requireName(WHAT, baseName, HASH_DIGITS + 1);
    }

    public static StorePath parse(String baseName) {
        return new StorePath(baseName);
    }

    public static StorePath of(String hashPart, String name) {
        return new StorePath(hashPart + "-" + name);
    }

    /// The 32 digits that identify the object in its store.
    public String hashPart() {
        return baseName.substring(0, HASH_DIGITS);
    }

    public String name() {
        return baseName.substring(HASH_DIGITS + 1);
    }

    public boolean isDerivation() {
        return baseName.endsWith(".drv");
    }

    /// The name of the derivation at this path: its name without `.drv`.
    public String derivationName() {
        var name = name();
        return isDerivation() ? name.substring(0, name.length() - ".drv".length()) : name;
    }

    @Override
    public int compareTo(StorePath other) {
        return baseName.compareTo(other.baseName);
    }

    @Override
    public String toString() {
        return baseName;
    }

    /// Checks a whole name: an output's, or that of a path that is still to be computed.
    ///
    /// @return the name
    /// @throws NixSyntaxException if no store path may have it
    public static String requireName(String what, String name) {
        requireName(what, name, 0);
        return name;
    }

    /// Checks `text` from `start` on against the rules for names, which output names share.
    static void requireName(String what, String text, int start) {
        int length = text.length() - start;
        if (length < 1 || length > MAX_NAME)
            throw NixSyntaxException.of(what, text, "a name has 1 to %d chars, not %d".formatted(MAX_NAME, length));
        for (int i = start; i < text.length(); i++)
            if (!isNameChar(text.charAt(i)))
                throw NixSyntaxException.at(what, text, i, "one of 0-9 a-z A-Z + - . _ ? =");
        if (text.charAt(start) == '.') {
            int dots = length > 1 && text.charAt(start + 1) == '.' ? 2 : 1;
            if (length == dots || text.charAt(start + dots) == '-')
                throw NixSyntaxException.at(what, text, start, "no name is or begins with '.-' or '..-', '.' or '..'");
        }
    }

    private static boolean isNameChar(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= '0' && c <= '9')
                || (c >= 'A' && c <= 'Z')
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '+'
                || c == '?'
                || c == '=';
    }
}
