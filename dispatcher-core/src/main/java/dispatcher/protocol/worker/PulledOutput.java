package dispatcher.protocol.worker;

import dispatcher.store.StoreRefusedException;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.io.OutputStream;

/// An upload that the daemon pulls, chunk by chunk, with READ messages: protocols 1.21 and 1.22.
final class PulledOutput extends OutputStream {
    private final WireReader in;
    private final WireWriter out;
    private final MessageCodec messages;
    private long wanted;

    PulledOutput(WireReader in, WireWriter out, MessageCodec messages) {
        this.in = in;
        this.out = out;
        this.messages = messages;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int sent = 0;
        while (sent < length) {
            awaitRead();
            int chunk = (int) Math.min(length - sent, wanted);
            out.writeLong(chunk)
                    .writeRaw(bytes, offset + sent, chunk)
                    .writePadding(chunk)
                    .flush();
            sent += chunk;
            wanted = 0;
        }
    }

    private void awaitRead() throws IOException {
        while (wanted == 0) {
            switch (messages.read(in)) {
                case WorkerMessage.Read(long limit) -> {
                    if (limit == 0) throw new ProtocolException("the daemon asks for 0 bytes of an upload");
                    wanted = limit;
                }
                case WorkerMessage.Failure error -> throw new StoreRefusedException(error.message());
                case WorkerMessage.Last() -> throw new ProtocolException("the daemon ended an upload before its end");
                default -> {}
            }
        }
    }
}
