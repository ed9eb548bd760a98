package dispatcher.store.host;

import dispatcher.nix.ByteString;
import dispatcher.nix.nar.NarParser;
import dispatcher.nix.nar.NarSize;
import dispatcher.nix.nar.NarWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;

/// Files on a disk as a NAR, as Nix makes one of them. Links are never followed, and no more is in memory than the
/// names in the directories that are open.
///
/// Java hands out names in the encoding of the locale, which not all bytes survive: names and link targets other
/// than in ASCII are refused. So is what a NAR cannot hold.
final class FileTree {
    private FileTree() {}

    /// How many bytes its NAR has.
    ///
    /// @throws IOException if it cannot be read, or not exactly
    static long narSize(Path root) throws IOException {
        var size = new NarSize();
        walk(root, 0, new Visitor() {
            @Override
            public void file(Path file, boolean executable, long bytes) {
                size.file(executable, bytes);
            }

            @Override
            public void symlink(String target) {
                size.symlink(target.length());
            }

            @Override
            public void directoryStart() {
                size.directory();
            }

            @Override
            public void entry(String name) {
                size.entry(name.length());
            }

            @Override
            public void directoryEnd() {}
        });
        return size.bytes();
    }

    /// Writes its NAR.
    ///
    /// @throws IOException if it cannot be read, or not exactly, or changes meanwhile; a part has been written then
    static void writeNar(Path root, OutputStream sink) throws IOException {
        var writer = new NarWriter(sink);
        walk(root, 0, new Visitor() {
            @Override
            public void file(Path file, boolean executable, long bytes) throws IOException {
                try (var contents = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                    writer.file(executable, bytes, contents);
                }
            }

            @Override
            public void symlink(String target) throws IOException {
                writer.symlink(ByteString.of(target));
            }

            @Override
            public void directoryStart() throws IOException {
                writer.directoryStart();
            }

            @Override
            public void entry(String name) throws IOException {
                writer.entry(ByteString.of(name));
            }

            @Override
            public void directoryEnd() throws IOException {
                writer.directoryEnd();
            }
        });
        writer.finish();
    }

    private interface Visitor {
        void file(Path file, boolean executable, long bytes) throws IOException;

        void symlink(String target) throws IOException;

        void directoryStart() throws IOException;

        void entry(String name) throws IOException;

        void directoryEnd() throws IOException;
    }

    private static void walk(Path path, int depth, Visitor visitor) throws IOException {
        var attributes = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (attributes.isRegularFile()) {
            boolean executable = attributes.permissions().contains(PosixFilePermission.OWNER_EXECUTE);
            visitor.file(path, executable, attributes.size());
        } else if (attributes.isSymbolicLink()) {
            visitor.symlink(symlinkTarget(path));
        } else if (attributes.isDirectory()) {
            if (depth == NarParser.MAX_DEPTH)
                throw new IOException("'%s' is nested too deep for a NAR".formatted(path));
            visitor.directoryStart();
            for (var name : names(path)) {
                visitor.entry(name);
                walk(path.resolve(name), depth + 1, visitor);
            }
            visitor.directoryEnd();
        } else {
            throw new IOException("'%s' is neither a file, a directory nor a link".formatted(path));
        }
    }

    private static String symlinkTarget(Path link) throws IOException {
        var target = ascii(Files.readSymbolicLink(link).toString());
        if (target.isEmpty() || target.length() > NarParser.MAX_TARGET)
            throw new IOException("the target of '%s' fits into no NAR".formatted(link));
        return target;
    }

    /// In the order of the NAR: that of the bytes, which is that of the characters in ASCII.
    private static List<String> names(Path directory) throws IOException {
        var names = new ArrayList<String>();
        try (var entries = Files.newDirectoryStream(directory)) {
            for (var entry : entries) names.add(ascii(entry.getFileName().toString()));
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        names.sort(null);
        return names;
    }

    private static String ascii(String name) throws IOException {
        for (int i = 0; i < name.length(); i++)
            if (name.charAt(i) >= 0x80) throw new IOException("'%s' is not in ASCII".formatted(name));
        return name;
    }
}
