package dispatcher.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// The bytes inside a framed stream: frames of a length above 0 and that many bytes without padding, ended by a
/// zero length. Frame boundaries mean nothing. Confined to the thread of its reader.
public final class FramedInput extends InputStream {
    private static final long MAX_FRAME = 0xffff_ffffL;

    private final WireReader reader;
    private long left;
    private boolean ended;
    /// What is wrong with the frames themselves, so that nothing after them can be understood.
    private @Nullable IOException fault;

    public FramedInput(WireReader reader) {
        this.reader = reader;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        requireIntact();
        try {
            if (left == 0 && !nextFrame()) return -1;
            int n = reader.readSome(target, offset, (int) Math.min(length, left));
            if (n < 0) throw new EOFException("the peer closed the connection in the middle of a framed stream");
            left -= n;
            return n;
        } catch (IOException e) {
            fault = e;
            throw e;
        }
    }

    private boolean nextFrame() throws IOException {
        if (ended) return false;
        long length = reader.readLong();
        if (length < 0 || length > MAX_FRAME)
            throw new ProtocolException(
                    "frame of %s bytes is longer than a frame can be".formatted(Long.toUnsignedString(length)));
        left = length;
        ended = length == 0;
        return !ended;
    }

    /// Throws what has gone wrong with the frames, if anything has; what is wrong with the bytes inside them
    /// does not count.
    public void requireIntact() throws IOException {
        if (fault != null) throw fault;
    }

    /// Reads and drops all that is left, so that the connection can go on. Must be called before a reply may be
    /// sent.
    ///
    /// @return how many bytes were dropped
    public long drain() throws IOException {
        var sink = new byte[8192];
        long dropped = 0;
        for (int n = read(sink, 0, sink.length); n >= 0; n = read(sink, 0, sink.length)) dropped += n;
        return dropped;
    }
}
