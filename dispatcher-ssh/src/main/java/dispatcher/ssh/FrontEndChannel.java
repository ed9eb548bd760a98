package dispatcher.ssh;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.client.future.DefaultOpenFuture;
import org.apache.sshd.client.future.OpenFuture;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.RequestHandler.Result;
import org.apache.sshd.common.channel.exception.SshChannelOpenException;
import org.apache.sshd.common.channel.throttle.ChannelStreamWriter;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.server.channel.ChannelDataReceiver;
import org.apache.sshd.server.channel.ChannelSession;

/// The library's end of a client's channel, on which a command may be asked for and nothing else. Its methods are
/// called by the library's threads and wait for nobody.
final class FrontEndChannel extends ChannelSession {
    private final Limit limit;
    private volatile boolean isTooMany;
    private final PipeInput in = new PipeInput(this::release);

    /// How many channels a connection may have. One that asks for a command beyond that is told why it gets none, and
    /// of such only a few are opened, as the library says nothing of its own.
    ///
    /// @param open that it has
    record Limit(AtomicInteger open, int most) {
        private static final int TOLD = 8;
    }

    FrontEndChannel(Limit limit) {
        this.limit = limit;
        setDataReceiver(new ChannelDataReceiver() {
            @Override
            public int data(ChannelSession channel, byte[] bytes, int start, int length) {
                in.receive(bytes, start, length);
                return 0;
            }

            @Override
            public void close() {
                in.end();
            }
        });
        addCloseFutureListener(_ -> in.end());
    }

    @Override
    public OpenFuture open(long recipient, long windowBytes, long packetBytes, Buffer buffer) {
        addCloseFutureListener(_ -> limit.open().decrementAndGet());
        int count = limit.open().incrementAndGet();
        isTooMany = count > limit.most();
        if (count <= limit.most() + Limit.TOLD) return super.open(recipient, windowBytes, packetBytes, buffer);
        OpenFuture refusal = new DefaultOpenFuture(this, futureLock);
        refusal.setException(new SshChannelOpenException(
                getChannelId(), SshConstants.SSH_OPEN_RESOURCE_SHORTAGE, "too many channels"));
        return refusal;
    }

    /// Why it may run nothing; empty if it may.
    Optional<String> objection() {
        return isTooMany
                ? Optional.of("there are %d channels on this connection, which is all this dispatcher allows"
                        .formatted(limit.most()))
                : Optional.empty();
    }

    private void release(int bytes) throws IOException {
        if (getLocalWindow().isOpen()) getLocalWindow().release(bytes);
    }

    /// What the client sends; its end is the client's, or that of the connection.
    PipeInput in() {
        return in;
    }

    @Override
    public ChannelStreamWriter resolveChannelStreamWriter(Channel channel, byte cmd) {
        BoundedWriter writer = new BoundedWriter(this, new WriteWatch(LinkWatch.NONE));
        addCloseFutureListener(_ -> writer.close());
        return writer;
    }

    /// Taken and forgotten: clients send what their user's ssh settings say.
    @Override
    protected Result handleEnv(Buffer buffer, boolean wantReply) {
        return Result.ReplySuccess;
    }

    @Override
    protected Result handlePtyReq(Buffer buffer, boolean wantReply) {
        return Result.ReplyFailure;
    }

    @Override
    protected Result handleSubsystem(String request, Buffer buffer, boolean wantReply) {
        return Result.ReplyFailure;
    }

    @Override
    protected Result handleAgentForwarding(String request, Buffer buffer, boolean wantReply) {
        return Result.ReplyFailure;
    }

    @Override
    protected Result handleX11Forwarding(String request, Buffer buffer, boolean wantReply) {
        return Result.ReplyFailure;
    }
}
