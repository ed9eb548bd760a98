package dispatcher.store.spool;

import dispatcher.nix.ContentAddress;
import dispatcher.nix.NarHash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationJson;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.wire.ProtocolException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a `.narinfo` file says, as binary caches have them.
///
/// Shape: lines of `Key: value`. `StorePath` is a full path, `References` (separated by spaces) and `Deriver` are
/// base names, `Sig` comes once for each signature. The registration time and whether the store built the path
/// have no place in it. `NarCrc32c` (8 hexadecimal digits) and `Realisation` (JSON, once for each) are our own;
/// Nix skips keys that it does not know. Source: Nix 2.34, `src/libstore/nar-info.cc`.
///
/// @param crc32c       of the NAR
/// @param realisations which outputs the path is said to be, the oldest first
record NarInfoFile(PathInfo info, int crc32c, List<Realisation> realisations) {
    /// No file with these limits is larger, as names have at most 245 characters, and none of them more than four
    /// bytes.
    static final long MOST_BYTES =
            SpoolLimits.MOST_REFERENCES * 250L + 4L * SpoolLimits.MOST_REALISATIONS * SpoolLimits.LONGEST_REALISATION;

    private static final String WHAT = "narinfo file";

    NarInfoFile {
        realisations = List.copyOf(realisations);
    }

    NarInfoFile(PathInfo info, int crc32c) {
        this(info, crc32c, List.of());
    }

    /// The same with one more.
    NarInfoFile with(Realisation realisation) {
        return new NarInfoFile(info, crc32c, SpoolRealisations.with(realisations, realisation));
    }

    /// Memory that it takes in the index at most.
    long largestWeight() {
        return SpoolNode.largestWeight(info) + SpoolRealisations.weight(realisations);
    }

    /// @param url where the NAR is, relative to the root of the store
    /// @throws NixSyntaxException if a signature cannot be a line's value
    String print(String url, StoreDir storeDir) {
        var text = new StringBuilder(512);
        line(text, "StorePath", storeDir.print(info.path()));
        line(text, "URL", url);
        line(text, "Compression", "none");
        line(text, "NarHash", info.narHash().toString());
        line(text, "NarSize", Long.toString(info.narSize()));
        line(text, "NarCrc32c", HexFormat.of().toHexDigits(crc32c));
        line(
                text,
                "References",
                String.join(
                        " ", info.references().stream().map(StorePath::baseName).toList()));
        info.deriver().ifPresent(deriver -> line(text, "Deriver", deriver.baseName()));
        for (var signature : info.signatures()) {
            requireOneLine(signature);
            line(text, "Sig", signature);
        }
        info.contentAddress().ifPresent(address -> line(text, "CA", address.toString()));
        for (var realisation : realisations) line(text, "Realisation", RealisationJson.print(realisation));
        return text.toString();
    }

    /// What may be kept of a path is bounded by its own limits, and has no line break where that would break the
    /// file's lines.
    ///
    /// @throws ProtocolException if `info` is too large or cannot be printed
    static void requirePrintable(PathInfo info) throws ProtocolException {
        try {
            requireBounded(info);
            info.signatures().forEach(NarInfoFile::requireOneLine);
        } catch (NixSyntaxException e) {
            throw new ProtocolException("the path info of %s is wrong: %s".formatted(info.path(), e.getMessage()), e);
        }
    }

    private static void requireBounded(PathInfo info) {
        var name = info.path().baseName();
        if (info.references().size() > SpoolLimits.MOST_REFERENCES)
            throw NixSyntaxException.of(
                    WHAT,
                    name,
                    "%d references are more than %d".formatted(info.references().size(), SpoolLimits.MOST_REFERENCES));
        if (info.signatures().size() > SpoolLimits.MOST_SIGNATURES)
            throw NixSyntaxException.of(
                    WHAT,
                    name,
                    "%d signatures are more than %d".formatted(info.signatures().size(), SpoolLimits.MOST_SIGNATURES));
        for (var signature : info.signatures())
            if (signature.length() > SpoolLimits.LONGEST_SIGNATURE)
                throw NixSyntaxException.of(
                        WHAT,
                        name,
                        "a signature of %d chars is longer than %d"
                                .formatted(signature.length(), SpoolLimits.LONGEST_SIGNATURE));
    }

    /// @throws NixSyntaxException if `signature` has control characters, which would break the file's lines
    static void requireOneLine(String signature) {
        if (signature.chars().anyMatch(Character::isISOControl))
            throw NixSyntaxException.of("signature", signature, "it has control characters");
    }

    private static void line(StringBuilder text, String key, String value) {
        text.append(key).append(": ").append(value).append('\n');
    }

    /// Reads what [#print] writes, and any other file of an uncompressed NAR; keys that it does not know are
    /// skipped.
    ///
    /// @throws NixSyntaxException if something is missing or wrong, or the path belongs to another store directory
    static NarInfoFile parse(String text, StoreDir storeDir) {
        if (!text.endsWith("\n")) throw NixSyntaxException.of(WHAT, text, "it ends inside a line");
        Map<String, String> fields = new HashMap<>();
        SortedSet<String> signatures = new TreeSet<>();
        var realisations = new ArrayList<Realisation>();
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start);
            var line = text.substring(start, end);
            start = end + 1;
            int colon = line.indexOf(": ");
            if (colon < 0) throw NixSyntaxException.of(WHAT, line, "a line is a key, a colon, a space and a value");
            var key = line.substring(0, colon);
            var value = line.substring(colon + 2);
            if (key.equals("Sig")) signatures.add(value);
            else if (key.equals("Realisation")) realisations.add(RealisationJson.parse(value));
            else if (fields.put(key, value) != null) throw NixSyntaxException.of(WHAT, line, "the key came before");
        }
        if (!require(fields, "Compression").equals("none"))
            throw NixSyntaxException.of(WHAT, require(fields, "Compression"), "its NAR is compressed");
        var info = new PathInfo(
                storeDir.parse(require(fields, "StorePath")),
                deriver(fields),
                NarHash.parse(require(fields, "NarHash")),
                references(require(fields, "References")),
                Instant.EPOCH,
                size(require(fields, "NarSize")),
                false,
                signatures,
                Optional.ofNullable(fields.get("CA")).map(ContentAddress::parse));
        requireBounded(info);
        requireBounded(info.path(), realisations);
        return new NarInfoFile(info, crc32c(require(fields, "NarCrc32c")), realisations);
    }

    private static void requireBounded(StorePath path, List<Realisation> realisations) {
        if (realisations.size() > SpoolLimits.MOST_REALISATIONS)
            throw NixSyntaxException.of(WHAT, path.baseName(), "it has %d realisations".formatted(realisations.size()));
        for (var realisation : realisations)
            if (!realisation.outPath().equals(path))
                throw NixSyntaxException.of(WHAT, path.baseName(), "a realisation in it is of another path");
    }

    private static String require(Map<String, String> fields, String key) {
        var value = fields.get(key);
        if (value == null) throw NixSyntaxException.of(WHAT, fields.toString(), "it has no " + key);
        return value;
    }

    private static Optional<StorePath> deriver(Map<String, String> fields) {
        return Optional.ofNullable(fields.get("Deriver"))
                .filter(deriver -> !deriver.equals("unknown-deriver"))
                .map(StorePath::parse);
    }

    private static SortedSet<StorePath> references(String names) {
        var references = new TreeSet<StorePath>();
        for (var name : names.split(" ")) if (!name.isEmpty()) references.add(StorePath.parse(name));
        return references;
    }

    private static int crc32c(String digits) {
        try {
            if (digits.length() == 8) return HexFormat.fromHexDigits(digits);
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw NixSyntaxException.of("CRC-32C", digits, "it has 8 hexadecimal digits");
    }

    private static long size(String digits) {
        try {
            long size = Long.parseLong(digits);
            if (size > 0) return size;
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw NixSyntaxException.of("NAR size", digits, "it is a number above 0");
    }
}
