package dispatcher.wire;

import dispatcher.nix.ByteString;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;

/// Writes the primitive values of both Nix protocols; [WireReader] has the shapes. Buffered: nothing is sent
/// for sure before [#flush]. Confined to one thread.
public final class WireWriter {
    private static final int BUFFER = 64 * 1024;
    private static final int IDLE_BUFFER = 1024;
    private static final int GROWTH = 8;
    private static final byte[] ZEROES = new byte[8];

    private final OutputStream out;
    private final int largestBuffer;

    /// Small while nothing is written, since most connections are idle most of the time; grows with what is.
    private byte[] buffer;

    private int position;

    public WireWriter(OutputStream out) {
        this(out, BUFFER);
    }

    public WireWriter(OutputStream out, int bufferBytes) {
        this.out = out;
        this.largestBuffer = bufferBytes;
        this.buffer = new byte[Math.min(IDLE_BUFFER, bufferBytes)];
    }

    public WireWriter writeLong(long value) throws IOException {
        makeRoom(8);
        for (int i = 0; i < 8; i++) buffer[position + i] = (byte) (value >>> (8 * i));
        position += 8;
        return this;
    }

    public WireWriter writeBool(boolean value) throws IOException {
        return writeLong(value ? 1 : 0);
    }

    public WireWriter writeByteString(ByteString value) throws IOException {
        writeLong(value.length());
        makeRoom(value.length());
        if (value.length() <= buffer.length - position) {
            value.copyTo(buffer, position);
            position += value.length();
        } else {
            drain();
            value.writeTo(out);
        }
        return writePadding(value.length());
    }

    public WireWriter writeText(String value) throws IOException {
        var bytes = value.getBytes(StandardCharsets.UTF_8);
        writeLong(bytes.length);
        writeRaw(bytes, 0, bytes.length);
        return writePadding(bytes.length);
    }

    /// Bytes without length and padding.
    public WireWriter writeRaw(byte[] bytes, int offset, int length) throws IOException {
        makeRoom(length);
        if (length > buffer.length) {
            out.write(bytes, offset, length);
        } else {
            System.arraycopy(bytes, offset, buffer, position, length);
            position += length;
        }
        return this;
    }

    public WireWriter writePadding(long length) throws IOException {
        return writeRaw(ZEROES, 0, (int) (-length & 7));
    }

    public WireWriter writeStorePath(StoreDir storeDir, StorePath path) throws IOException {
        return writeText(storeDir.print(path));
    }

    public WireWriter writeOptionalStorePath(StoreDir storeDir, Optional<StorePath> path) throws IOException {
        return writeText(path.map(storeDir::print).orElse(""));
    }

    /// In the order of `paths`, which is sorted wherever it is a set.
    public WireWriter writeStorePaths(StoreDir storeDir, Collection<StorePath> paths) throws IOException {
        writeLong(paths.size());
        for (var path : paths) writeStorePath(storeDir, path);
        return this;
    }

    public WireWriter writeTexts(Collection<String> texts) throws IOException {
        writeLong(texts.size());
        for (var text : texts) writeText(text);
        return this;
    }

    /// The same bytes, as a stream that shares this writer's buffer; its `flush` does nothing and `close` neither.
    public OutputStream asStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                writeRaw(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                writeRaw(bytes, offset, length);
            }
        };
    }

    public void flush() throws IOException {
        drain();
        if (buffer.length > IDLE_BUFFER) buffer = new byte[IDLE_BUFFER];
        out.flush();
    }

    /// For `bytes` more, if the buffer may ever be so large; a writer of more than that has it to itself.
    private void makeRoom(int bytes) throws IOException {
        if (bytes <= buffer.length - position) return;
        if (buffer.length < largestBuffer) {
            long wanted = Math.max((long) buffer.length * GROWTH, (long) position + bytes);
            buffer = Arrays.copyOf(buffer, (int) Math.min(wanted, largestBuffer));
        }
        if (bytes > buffer.length - position) drain();
    }

    private void drain() throws IOException {
        if (position == 0) return;
        int length = position;
        position = 0;
        out.write(buffer, 0, length);
    }
}
