package dispatcher.protocol.worker;

import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// An upload that the server pulls from the client, chunk by chunk, with READ messages: protocols 1.21 and
/// 1.22. Asks for no more once the reader above has what it wants, which is when the NAR is complete.
final class PulledInput extends InputStream {
    private static final int CHUNK = 64 * 1024;

    private final WireReader in;
    private final WireWriter out;
    private final MessageCodec messages;
    private byte[] chunk = new byte[0];
    private int position;
    private boolean ended;
    /// What is wrong with the conversation itself, as opposed to what is uploaded.
    private @Nullable IOException fault;

    PulledInput(WireReader in, WireWriter out, MessageCodec messages) {
        this.in = in;
        this.out = out;
        this.messages = messages;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        if (position == chunk.length && !nextChunk()) return -1;
        int n = Math.min(length, chunk.length - position);
        System.arraycopy(chunk, position, target, offset, n);
        position += n;
        return n;
    }

    /// An empty chunk is the end of what the client has.
    private boolean nextChunk() throws IOException {
        requireIntact();
        if (ended) return false;
        try {
            messages.write(out, new WorkerMessage.Read(CHUNK));
            out.flush();
            in.beginMessage();
            chunk = in.readByteString("upload", CHUNK).toByteArray();
            position = 0;
            ended = chunk.length == 0;
            return !ended;
        } catch (IOException e) {
            fault = e;
            throw e;
        }
    }

    /// Throws what has gone wrong with the conversation, if anything has.
    void requireIntact() throws IOException {
        if (fault != null) throw fault;
    }
}
