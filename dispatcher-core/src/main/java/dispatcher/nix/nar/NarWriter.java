package dispatcher.nix.nar;

import dispatcher.nix.ByteString;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// Writes a NAR from calls in the order of [NarVisitor]; [NarParser] has the shape.
///
/// Buffered: all has been handed to the stream only after [#finish]. Confined to one thread. A call that the format
/// does not allow at that place is an [IllegalStateException], a name or target that it never allows an
/// [IllegalArgumentException].
public final class NarWriter {
    private static final int BUFFER = 8192;
    private static final byte[] ZEROES = new byte[8];

    private static final byte[] BEGIN = strings("nix-archive-1");
    private static final byte[] REGULAR = strings("(", "type", "regular", "contents");
    private static final byte[] EXECUTABLE = strings("(", "type", "regular", "executable", "", "contents");
    private static final byte[] SYMLINK = strings("(", "type", "symlink", "target");
    private static final byte[] DIRECTORY = strings("(", "type", "directory");
    private static final byte[] ENTRY = strings("entry", "(", "name");
    private static final byte[] NODE = strings("node");
    private static final byte[] CLOSE = strings(")");

    private final OutputStream out;
    private final byte[] buffer = new byte[BUFFER];
    private int position;

    /// The last name of each open directory, innermost first.
    private final Deque<Optional<ByteString>> lastNames = new ArrayDeque<>();
    private boolean nodeIsNext = true;

    public NarWriter(OutputStream out) throws IOException {
        this.out = out;
        raw(BEGIN, 0, BEGIN.length);
    }

    /// Writes the NAR of a single file.
    ///
    /// @param size bytes that `contents` has; it is neither read beyond them nor closed
    /// @throws EOFException if it has fewer; a part has been written then
    public static void writeFile(OutputStream out, boolean executable, long size, InputStream contents)
            throws IOException {
        var writer = new NarWriter(out);
        writer.file(executable, size, contents);
        writer.finish();
    }

    /// Writes the NAR of a single file.
    public static void writeFile(OutputStream out, boolean executable, byte[] contents) throws IOException {
        var writer = new NarWriter(out);
        writer.file(executable, contents);
        writer.finish();
    }

    public NarWriter file(boolean executable, byte[] contents) throws IOException {
        beginFile(executable, contents.length);
        raw(contents, 0, contents.length);
        return endFile(contents.length);
    }

    /// As [#writeFile(OutputStream, boolean, long, InputStream)], for one file of many.
    public NarWriter file(boolean executable, long size, InputStream contents) throws IOException {
        beginFile(executable, size);
        var chunk = new byte[(int) Math.min(size, 64 * 1024)];
        for (long left = size; left > 0; ) {
            int n = contents.read(chunk, 0, (int) Math.min(left, chunk.length));
            if (n < 0)
                throw new EOFException(
                        "a file of %d bytes ended after %d while it was archived".formatted(size, size - left));
            raw(chunk, 0, n);
            left -= n;
        }
        return endFile(size);
    }

    public NarWriter symlink(ByteString target) throws IOException {
        if (target.isEmpty() || target.length() > NarParser.MAX_TARGET || has(target, '\0'))
            throw new IllegalArgumentException("'%s' cannot be the target of a symlink".formatted(target));
        beginNode(SYMLINK);
        string(target);
        return close();
    }

    public NarWriter directoryStart() throws IOException {
        if (lastNames.size() == NarParser.MAX_DEPTH)
            throw new IllegalArgumentException(
                    "directories are nested deeper than %d levels".formatted(NarParser.MAX_DEPTH));
        beginNode(DIRECTORY);
        lastNames.push(Optional.empty());
        return this;
    }

    /// Announces a node of the open directory. Names ascend strictly by their unsigned bytes.
    public NarWriter entry(ByteString name) throws IOException {
        if (nodeIsNext || lastNames.isEmpty()) throw new IllegalStateException("an entry is not in a directory");
        var text = name.utf8();
        if (name.isEmpty() || name.length() > NarParser.MAX_NAME || has(name, '/') || has(name, '\0'))
            throw new IllegalArgumentException("'%s' cannot be a name in a directory".formatted(text));
        if (text.equals(".") || text.equals(".."))
            throw new IllegalArgumentException("'%s' cannot be a name in a directory".formatted(text));
        var last = lastNames.pop();
        if (last.isPresent() && last.get().compareTo(name) >= 0)
            throw new IllegalArgumentException("the name '%s' does not sort after '%s'".formatted(text, last.get()));
        lastNames.push(Optional.of(name));
        raw(ENTRY, 0, ENTRY.length);
        string(name);
        raw(NODE, 0, NODE.length);
        nodeIsNext = true;
        return this;
    }

    public NarWriter directoryEnd() throws IOException {
        if (nodeIsNext || lastNames.isEmpty()) throw new IllegalStateException("no directory is open here");
        lastNames.pop();
        return close();
    }

    /// Hands the rest to the stream, which it neither flushes nor closes.
    public void finish() throws IOException {
        if (nodeIsNext || !lastNames.isEmpty()) throw new IllegalStateException("the archive is not complete");
        drain();
    }

    private void beginFile(boolean executable, long size) throws IOException {
        if (size < 0) throw new IllegalArgumentException("a file of %d bytes".formatted(size));
        beginNode(executable ? EXECUTABLE : REGULAR);
        writeLong(size);
    }

    private NarWriter endFile(long size) throws IOException {
        padding(size);
        return close();
    }

    private void beginNode(byte[] strings) throws IOException {
        if (!nodeIsNext) throw new IllegalStateException("no node is due here");
        nodeIsNext = false;
        raw(strings, 0, strings.length);
    }

    /// Ends a node, and the entry that it is in.
    private NarWriter close() throws IOException {
        raw(CLOSE, 0, CLOSE.length);
        if (!lastNames.isEmpty()) raw(CLOSE, 0, CLOSE.length);
        return this;
    }

    private void string(ByteString value) throws IOException {
        writeLong(value.length());
        var bytes = value.toByteArray();
        raw(bytes, 0, bytes.length);
        padding(bytes.length);
    }

    private void writeLong(long value) throws IOException {
        if (buffer.length - position < 8) drain();
        for (int i = 0; i < 8; i++) buffer[position++] = (byte) (value >>> (8 * i));
    }

    private void padding(long length) throws IOException {
        raw(ZEROES, 0, (int) (-length & 7));
    }

    private void raw(byte[] bytes, int offset, int length) throws IOException {
        if (length > buffer.length - position) drain();
        if (length > buffer.length) {
            out.write(bytes, offset, length);
        } else {
            System.arraycopy(bytes, offset, buffer, position, length);
            position += length;
        }
    }

    private void drain() throws IOException {
        int length = position;
        position = 0;
        if (length > 0) out.write(buffer, 0, length);
    }

    private static boolean has(ByteString text, char c) {
        for (int i = 0; i < text.length(); i++) if (text.at(i) == c) return true;
        return false;
    }

    private static byte[] strings(String... strings) {
        var bytes = new java.io.ByteArrayOutputStream();
        for (var string : strings) {
            bytes.write(string.length());
            bytes.write(ZEROES, 0, 7);
            bytes.writeBytes(string.getBytes(StandardCharsets.US_ASCII));
            bytes.write(ZEROES, 0, -string.length() & 7);
        }
        return bytes.toByteArray();
    }
}
