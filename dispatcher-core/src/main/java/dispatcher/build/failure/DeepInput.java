package dispatcher.build.failure;

import dispatcher.graph.Closure;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.nix.nar.NarDepth;
import dispatcher.nix.nar.NarParser;
import dispatcher.nix.nar.NarSyntaxException;
import dispatcher.store.PathSource;
import dispatcher.store.Verify;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// Finds the input that a machine refuses because its directories are nested too deep: newer versions of Nix stop at
/// 64, and name neither the path nor the reason.
///
/// Source: Nix 2.31.5, 2.33.6, 2.34.8 and 2.35, `src/libutil/archive.cc`.
///
/// @param machine that refuses it
/// @param most    directories that there may be around anything in a path
/// @param path    empty if it was not found, for all that was looked at
public record DeepInput(String machine, int most, Optional<StorePath> path) {
    private static final Pattern WORDS = Pattern.compile("exceeds maximum (?:NAR directory )?depth of (\\d{1,6})");

    /// What is read to find it. It is among the first that the machine lacks.
    private static final long MOST_BYTES = 1L << 30;

    /// How deep paths may be for the machine with this message; empty if it says something else.
    public static Optional<Integer> limit(String words) {
        var matcher = WORDS.matcher(words);
        return matcher.find() ? Optional.of(Integer.valueOf(matcher.group(1))) : Optional.empty();
    }

    /// Looks for it among what the machine lacks.
    ///
    /// @param inputs  or their roots
    /// @param isThere whether the machine has a path
    public static DeepInput find(
            String machine, int most, Collection<StorePath> inputs, Predicate<StorePath> isThere, PathSource paths)
            throws InterruptedException {
        long read = 0;
        try {
            for (var path : Closure.of(new TreeSet<>(inputs), paths::infos).paths()) {
                if (isThere.test(path)) continue;
                var info = paths.info(path);
                if (info.isEmpty() || read + info.get().narSize() > MOST_BYTES) continue;
                read += info.get().narSize();
                if (depth(info.get(), paths) >= most) return new DeepInput(machine, most, Optional.of(path));
            }
        } catch (IOException | NarSyntaxException e) {
            if (e instanceof IOException broken) Interruption.rethrow(broken);
        }
        return new DeepInput(machine, most, Optional.empty());
    }

    private static int depth(PathInfo info, PathSource paths) throws IOException, InterruptedException {
        var depth = new NarDepth();
        var parser = new NarParser(depth);
        var _ = paths.narFromPath(info.path(), Verify.byReceiver(info), new OutputStream() {
            @Override
            public void write(int b) {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                int _ = parser.accept(bytes, offset, length);
            }
        });
        return depth.deepest();
    }

    /// The message for the build's client.
    public String explain(StorePath drvPath) {
        return "%s of %s has directories nested deeper than the %d that Nix on machine %s takes: this is no fault of the machine; make the path less deep, or pack it into one file"
                .formatted(path.map(input -> "the input " + input).orElse("an input"), drvPath, most, machine);
    }
}
