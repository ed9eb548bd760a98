package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.testkit.Samples;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.FramedOutput;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A client that does what the test says, step by step, and thus what no good client does.
final class RawWorkerClient implements AutoCloseable {
    static final long CLIENT_MAGIC = 0x6e697863L;
    static final long SERVER_MAGIC = 0x6478696fL;

    final CommandChannel channel;
    final WireReader in;
    final WireWriter out;
    final WorkerCodec codec;
    final MessageCodec messages;

    /// Shakes hands in this version, without features that the server knows.
    RawWorkerClient(CommandChannel channel, int minor) throws IOException {
        this(channel, minor, Set.of());
    }

    RawWorkerClient(CommandChannel channel, int minor, Set<WorkerFeature> features) throws IOException {
        var version = new ProtocolVersion(1, minor);
        this.channel = channel;
        in = new WireReader(channel.in());
        out = new WireWriter(channel.out());
        codec = new WorkerCodec(StoreDir.NIX_STORE, version, features);
        messages = new MessageCodec(version);
        out.writeLong(CLIENT_MAGIC).writeLong(version.wire());
        var offered = new ArrayList<>(WorkerFeature.names(features));
        offered.add("some-feature");
        if (minor >= 38) out.writeTexts(offered);
        out.writeBool(false).writeBool(false).flush();
        assertThat(in.readLong()).isEqualTo(SERVER_MAGIC);
        assertThat(ProtocolVersion.ofWire(in.readLong())).isEqualTo(new ProtocolVersion(1, 38));
        if (minor >= 38) assertThat(in.readTexts("features")).containsAll(WorkerFeature.names(features));
        codec.readDaemonInfo(in);
        requireLast();
    }

    RawWorkerClient send(WorkerRequest request) throws IOException {
        codec.writeRequest(out, request);
        out.flush();
        return this;
    }

    /// Sends `payload` as frames, and their end.
    RawWorkerClient sendFramed(byte[] payload) throws IOException {
        try (var framed = new FramedOutput(out)) {
            framed.write(payload);
        }
        return this;
    }

    /// Answers the server's READs with `payload`, `chunk` bytes at a time, and with nothing once it is at its
    /// end.
    ///
    /// @return the first message that is no READ
    WorkerMessage letPull(byte[] payload, int chunk) throws IOException {
        int sent = 0;
        while (true) {
            var message = messages.read(in);
            if (!(message instanceof WorkerMessage.Read(long limit))) return message;
            int length = (int) Math.min(Math.min(limit, chunk), payload.length - sent);
            out.writeLong(length)
                    .writeRaw(payload, sent, length)
                    .writePadding(length)
                    .flush();
            sent += length;
        }
    }

    /// All messages up to the LAST or the ERROR, which is among them.
    List<WorkerMessage> readMessages() throws IOException {
        var all = new ArrayList<WorkerMessage>();
        do {
            all.add(messages.read(in));
        } while (!(all.getLast() instanceof WorkerMessage.Last || all.getLast() instanceof WorkerMessage.Failure));
        return all;
    }

    /// Insists on an ERROR, with nothing before it.
    String readError() throws IOException {
        if (messages.read(in) instanceof WorkerMessage.Failure failure) return failure.message();
        throw new AssertionError("another message than an ERROR");
    }

    void requireLast() throws IOException {
        assertThat(messages.read(in)).isEqualTo(new WorkerMessage.Last());
    }

    /// Insists that the conversation goes on.
    void requireAlive() throws IOException {
        send(new WorkerRequest.IsValidPath(Samples.SOURCE.path()));
        requireLast();
        assertThat(in.readBool()).isTrue();
    }

    /// Insists that the server has ended the conversation.
    void requireEnd() throws IOException {
        assertThat(in.awaitInput()).as("bytes after the end").isFalse();
    }

    @Override
    public void close() {
        channel.close();
    }
}
