package dispatcher.nix.attributes;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;

/// What stays the same from one version of a package to the next, so that what its builds took tells what the
/// next one will: the derivation's name without the version, as Nix splits them: before the first dash that no
/// letter follows.
///
/// Fetching a package's source often has the package's name, and nothing else in common with building it; such
/// fixed-output derivations get the mark `:fetch`, which no store path's name can have.
///
/// Source: Nix 2.34, `src/libexpr/.../names.cc`, `DrvName`.
///
/// @param text 1 to 217 characters without blanks
public record PackageName(String text) implements Comparable<PackageName> {
    private static final String FETCH = ":fetch";

    public PackageName {
        var name = text.endsWith(FETCH) ? text.substring(0, text.length() - FETCH.length()) : text;
        if (name.isEmpty() || name.length() > 211 || !name.chars().allMatch(PackageName::isNameChar))
            throw NixSyntaxException.of("package name", text, "1 to 211 of 0-9 a-z A-Z + - . _ ? =");
    }

    /// Of the derivation at `drvPath`.
    public static PackageName of(StorePath drvPath, BasicDerivation derivation) {
        var name = ofDerivation(drvPath.derivationName());
        boolean fetch = derivation.outputs().values().stream().anyMatch(DerivationOutput.Fixed.class::isInstance);
        return fetch ? new PackageName(name.text + FETCH) : name;
    }

    /// Of a derivation's name, such as `hello-2.12.1`.
    public static PackageName ofDerivation(String derivationName) {
        for (int i = 1; i + 1 < derivationName.length(); i++)
            if (derivationName.charAt(i) == '-' && !isLetter(derivationName.charAt(i + 1)))
                return new PackageName(derivationName.substring(0, i));
        return new PackageName(derivationName);
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isNameChar(int c) {
        return (c >= '0' && c <= '9') || (c < 128 && isLetter((char) c)) || "+-._?=".indexOf(c) >= 0;
    }

    @Override
    public int compareTo(PackageName other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }
}
