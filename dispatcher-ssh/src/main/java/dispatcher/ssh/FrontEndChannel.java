package dispatcher.ssh;

import java.io.IOException;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.RequestHandler.Result;
import org.apache.sshd.common.channel.throttle.ChannelStreamWriter;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.server.channel.ChannelDataReceiver;
import org.apache.sshd.server.channel.ChannelSession;

/// The library's end of a client's channel, on which a command may be asked for and nothing else. Its methods are
/// called by the library's threads and wait for nobody.
final class FrontEndChannel extends ChannelSession {
    private final PipeInput in = new PipeInput(this::release);

    FrontEndChannel() {
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
