package dispatcher.wire;

import java.io.IOException;
import java.io.OutputStream;

/// Writes a framed stream; [FramedInput] has the shape. [#close] writes the end and flushes; it does not close the
/// writer.
public final class FramedOutput extends OutputStream {
    private static final int FRAME = 64 * 1024;

    private final WireWriter writer;
    private final byte[] buffer = new byte[FRAME];
    private int position;
    private boolean closed;

    public FramedOutput(WireWriter writer) {
        this.writer = writer;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        if (closed) throw new IOException("the framed stream is closed");
        if (length >= buffer.length) {
            emit();
            writer.writeLong(length).writeRaw(bytes, offset, length);
            return;
        }
        if (length > buffer.length - position) emit();
        System.arraycopy(bytes, offset, buffer, position, length);
        position += length;
    }

    private void emit() throws IOException {
        if (position == 0) return;
        writer.writeLong(position).writeRaw(buffer, 0, position);
        position = 0;
    }

    @Override
    public void close() throws IOException {
        if (closed) return;
        closed = true;
        emit();
        writer.writeLong(0).flush();
    }
}
