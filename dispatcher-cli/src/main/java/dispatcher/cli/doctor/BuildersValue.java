package dispatcher.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The entries of Nix's `builders`.
///
/// @param entries the fields of each, the URI first
/// @param files   that `@FILE` names and cannot be read, each with its reason
record BuildersValue(List<List<String>> entries, List<String> files) {
    private static final int MOST_FILES = 10;
    private static final String SHIM = "dispatcher-stdio";

    BuildersValue {
        entries = List.copyOf(entries);
        files = List.copyOf(files);
    }

    static BuildersValue parse(String value) {
        var entries = new ArrayList<List<String>>();
        var files = new ArrayList<String>();
        read(value, entries, files, MOST_FILES);
        return new BuildersValue(entries, files);
    }

    private static void read(String text, List<List<String>> entries, List<String> files, int depth) {
        for (var part : text.replaceAll("#[^\n]*", "").split("[\n;]", -1)) {
            var entry = part.strip();
            if (entry.isEmpty()) continue;
            if (entry.startsWith("@")) include(Path.of(entry.substring(1)), entries, files, depth);
            else entries.add(Arrays.asList(entry.split("\\s+", -1)));
        }
    }

    /// Nix takes a file that is not there for an empty one, and so does this.
    private static void include(Path file, List<List<String>> entries, List<String> files, int depth) {
        if (depth == 0) files.add(file + ": files name each other without an end");
        else if (Files.exists(file)) {
            try {
                read(Files.readString(file), entries, files, depth - 1);
            } catch (IOException e) {
                files.add(file + ": " + e.getMessage());
            }
        }
    }

    /// The URIs that run our program on this host.
    List<String> ofOurSocket() {
        return uris().stream().filter(uri -> uri.contains(SHIM)).toList();
    }

    List<String> uris() {
        return entries.stream().map(List::getFirst).toList();
    }

    /// Entries that differ in nothing: Nix takes them for one machine.
    List<String> repeated() {
        var seen = new ArrayList<String>();
        return uris().stream()
                .filter(uri -> {
                    if (seen.contains(uri)) return true;
                    seen.add(uri);
                    return false;
                })
                .distinct()
                .toList();
    }
}
