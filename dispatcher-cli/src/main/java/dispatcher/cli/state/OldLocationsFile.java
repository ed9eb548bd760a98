package dispatcher.cli.state;

import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.store.Fingerprint;
import dispatcher.store.LocationStore.KnownPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.TreeSet;

/// The file in which earlier versions wrote down which machines hold which paths.
///
/// Shape: the line `dispatcher-locations 2`; then lines of a path, its fingerprints between commas, and the names
/// of machines, with tabs between. A path may have several lines, since what was built was added at the end. In
/// version 1 there are no fingerprints.
final class OldLocationsFile {
    private static final String HEAD = "dispatcher-locations 2";
    private static final String OLD_HEAD = "dispatcher-locations 1";

    private OldLocationsFile() {}

    private record Lines(TreeSet<String> machines, LinkedHashSet<Fingerprint> contents) {}

    /// @throws IOException if it is no such file
    /// @throws NixSyntaxException if a path or a fingerprint is none
    static List<KnownPath> parse(List<String> lines) throws IOException {
        var head = lines.isEmpty() ? "" : lines.getFirst();
        if (!head.equals(HEAD) && !head.equals(OLD_HEAD)) throw new IOException("its first line is not " + HEAD);
        int firstName = head.equals(HEAD) ? 2 : 1;
        var known = new LinkedHashMap<StorePath, Lines>();
        for (var line : lines.subList(1, lines.size())) {
            var words = List.of(line.split("\t", -1));
            var path = StorePath.parse(words.getFirst());
            if (words.size() <= firstName) continue;
            var of = known.computeIfAbsent(path, _ -> new Lines(new TreeSet<>(), new LinkedHashSet<>()));
            of.machines().addAll(words.subList(firstName, words.size()));
            if (firstName == 2) of.contents().addAll(fingerprints(words.get(1)));
        }
        return known.entrySet().stream()
                .map(entry -> new KnownPath(
                        entry.getKey(),
                        entry.getValue().machines(),
                        List.copyOf(entry.getValue().contents())))
                .toList();
    }

    private static List<Fingerprint> fingerprints(String words) {
        var fingerprints = new ArrayList<Fingerprint>();
        if (!words.isEmpty()) for (var word : words.split(",", -1)) fingerprints.add(Fingerprint.parse(word));
        return fingerprints;
    }
}
