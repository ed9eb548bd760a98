package dispatcher.build.log;

import dispatcher.nix.ByteString;
import java.util.Optional;
import java.util.regex.Pattern;

/// The build directory that a machine has left of a failed build, as its Nix says in the log. Safe for any thread.
///
/// Source: Nix 2.34, `src/libstore/unix/build/derivation-builder.cc`: `keeping build directory '/…'`.
final class KeptDirectory {
    private static final Pattern KEPT = Pattern.compile("keeping build directory '(/[^']{1,4000})'");

    /// Nix says no more than this in that line.
    private static final int LONGEST = 5000;

    private volatile String path = "";

    void hear(ByteString line) {
        if (line.length() <= LONGEST) hear(line.utf8());
    }

    void hear(String text) {
        if (text.length() > LONGEST) return;
        // Colours may stand around the path.
        var found = KEPT.matcher(text.replaceAll("\u001b\\[[0-9;]*m", ""));
        if (found.find()) path = found.group(1);
    }

    /// Empty if it has said nothing of that.
    Optional<String> path() {
        return path.isEmpty() ? Optional.empty() : Optional.of(path);
    }
}
