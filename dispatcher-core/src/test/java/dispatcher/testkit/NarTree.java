package dispatcher.testkit;

import dispatcher.nix.ByteString;
import dispatcher.nix.NarHash;
import dispatcher.nix.nar.NarDigest;
import dispatcher.nix.nar.NarParser;
import dispatcher.nix.nar.NarVisitor;
import dispatcher.nix.nar.NarWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// A file system object in memory, and its NAR.
public sealed interface NarTree {
    record File(boolean executable, ByteString contents) implements NarTree {}

    record Symlink(ByteString target) implements NarTree {}

    record Directory(SortedMap<ByteString, NarTree> entries) implements NarTree {
        public Directory {
            entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
        }

        /// The same with one entry more.
        public Directory with(String name, NarTree node) {
            var more = new TreeMap<>(entries);
            more.put(ByteString.of(name), node);
            return new Directory(more);
        }
    }

    static NarTree file(String contents) {
        return new File(false, ByteString.of(contents));
    }

    static NarTree executable(String contents) {
        return new File(true, ByteString.of(contents));
    }

    static NarTree symlink(String target) {
        return new Symlink(ByteString.of(target));
    }

    static Directory directory() {
        return new Directory(new TreeMap<>());
    }

    /// The tree of a whole NAR, without anything after it.
    ///
    /// @throws dispatcher.nix.nar.NarSyntaxException if it is none
    static NarTree parse(byte[] nar) {
        var builder = new Builder();
        var parser = new NarParser(builder);
        int taken = parser.accept(nar, 0, nar.length);
        if (!parser.isComplete() || taken != nar.length)
            throw new IllegalArgumentException("%d bytes of %d are a NAR".formatted(taken, nar.length));
        return builder.root();
    }

    /// Some tree, up to `depth` directories deep, with names and contents of all kinds of bytes.
    static NarTree random(RandomGenerator random, int depth) {
        return switch (random.nextInt(depth > 0 ? 5 : 3)) {
            case 0 -> new Symlink(randomBytes(random, 1, 40, true));
            case 1, 2 ->
                new File(random.nextBoolean(), randomBytes(random, 0, random.nextInt(10) == 0 ? 5000 : 40, false));
            default -> {
                var entries = new TreeMap<ByteString, NarTree>();
                for (int n = random.nextInt(6); n > 0; n--)
                    entries.put(randomBytes(random, 3, 30, true), random(random, depth - 1));
                yield new Directory(entries);
            }
        };
    }

    private static ByteString randomBytes(RandomGenerator random, int min, int max, boolean name) {
        var bytes = new byte[random.nextInt(min, max + 1)];
        random.nextBytes(bytes);
        if (name) for (int i = 0; i < bytes.length; i++) if (bytes[i] == 0 || bytes[i] == '/') bytes[i] = 'x';
        return ByteString.wrap(bytes);
    }

    default byte[] toNar() {
        var out = new ByteArrayOutputStream();
        try {
            var writer = new NarWriter(out);
            write(writer);
            writer.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    default NarHash narHash() {
        var nar = toNar();
        var digest = new NarDigest();
        digest.accept(nar, 0, nar.length);
        return digest.hash();
    }

    private void write(NarWriter writer) throws IOException {
        switch (this) {
            case File(var executable, var contents) -> writer.file(executable, contents.toByteArray());
            case Symlink(var target) -> writer.symlink(target);
            case Directory(var entries) -> {
                writer.directoryStart();
                for (var entry : entries.entrySet()) {
                    writer.entry(entry.getKey());
                    entry.getValue().write(writer);
                }
                writer.directoryEnd();
            }
        }
    }

    /// Puts a tree together from what a parser finds.
    final class Builder implements NarVisitor {
        private final Deque<TreeMap<ByteString, NarTree>> directories = new ArrayDeque<>();
        private final Deque<ByteString> names = new ArrayDeque<>();
        private final ByteArrayOutputStream contents = new ByteArrayOutputStream();
        private boolean executable;
        private Optional<NarTree> root = Optional.empty();

        /// The tree, once the archive is complete.
        public NarTree root() {
            return root.orElseThrow();
        }

        @Override
        public void directoryStart() {
            directories.push(new TreeMap<>());
        }

        @Override
        public void entry(ByteString name) {
            names.push(name);
        }

        @Override
        public void directoryEnd() {
            add(new Directory(directories.pop()));
        }

        @Override
        public void file(boolean isExecutable, long size) {
            executable = isExecutable;
            contents.reset();
        }

        @Override
        public void contents(byte[] bytes, int offset, int length) {
            contents.write(bytes, offset, length);
        }

        @Override
        public void fileEnd() {
            add(new File(executable, ByteString.wrap(contents.toByteArray())));
        }

        @Override
        public void symlink(ByteString target) {
            add(new Symlink(target));
        }

        private void add(NarTree node) {
            if (directories.isEmpty()) root = Optional.of(node);
            else directories.element().put(names.pop(), node);
        }
    }
}
