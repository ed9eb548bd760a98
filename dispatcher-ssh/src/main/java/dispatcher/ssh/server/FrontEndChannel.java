package dispatcher.ssh.server;

import dispatcher.ssh.BoundedWriter;
import dispatcher.ssh.LinkWatch;
import dispatcher.ssh.PipeInput;
import dispatcher.ssh.WriteWatch;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.sshd.client.future.DefaultOpenFuture;
import org.apache.sshd.client.future.OpenFuture;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.LocalWindow;
import org.apache.sshd.common.channel.RemoteWindow;
import org.apache.sshd.common.channel.RequestHandler.Result;
import org.apache.sshd.common.channel.throttle.ChannelStreamWriter;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.channel.ChannelDataReceiver;
import org.apache.sshd.server.channel.ChannelSession;

/// The library's end of a client's channel, on which a command may be asked for and nothing else. Its methods are
/// called by the library's threads and do not block.
///
/// One that is more than its connection may have is refused with `SSH_MSG_CHANNEL_OPEN_FAILURE`, as OpenSSH's server
/// does beyond `MaxSessions`: an `ssh` that shares a connection then makes one of its own.
final class FrontEndChannel extends ChannelSession {
    private static final int UNREPORTED_PACKETS = 3;

    private final ChannelWindows windows;
    private final int most;
    private final Consumer<String> refused;
    private final PipeInput in = new PipeInput(this::release);
    private volatile Optional<ChannelWindows.Share> share = Optional.empty();

    /// @param windows of its connection
    /// @param most    channels that a connection may have
    /// @param refused receives the reason if there are that many already
    FrontEndChannel(ChannelWindows windows, int most, Consumer<String> refused) {
        this.windows = windows;
        this.most = most;
        this.refused = refused;
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
        addCloseFutureListener(_ -> {
            in.end();
            share.ifPresent(ChannelWindows.Share::close);
        });
    }

    @Override
    public OpenFuture open(long recipient, long windowBytes, long packetBytes, Buffer buffer) {
        share = windows.open(most);
        if (share.isEmpty()) return refuse(recipient);
        OpenFuture opened = super.open(recipient, windowBytes, packetBytes, buffer);
        opened.addListener(future -> {
            if (!future.isOpened()) close(true);
        });
        return opened;
    }

    /// The library has registered the channel already, and forgets it only once it is closed.
    private OpenFuture refuse(long recipient) {
        String why = "there are %d channels on this connection, which is all this dispatcher allows".formatted(most);
        refused.accept(why);
        close(true);
        try {
            Buffer failure = getSession().createBuffer(SshConstants.SSH_MSG_CHANNEL_OPEN_FAILURE);
            failure.putUInt(recipient);
            failure.putUInt(SshConstants.SSH_OPEN_RESOURCE_SHORTAGE);
            failure.putString("dispatcher: " + why);
            failure.putString("");
            var _ = getSession().writePacket(failure);
        } catch (IOException e) {
            getSession().exceptionCaught(e);
        }
        // Never completed: the library would answer a second time, without a reason.
        return new DefaultOpenFuture(this, futureLock);
    }

    /// A window for a channel without a command; see [#grow].
    @Override
    protected void configureWindow() {
        setWindow(windows.atFirst());
    }

    private void setWindow(int bytes) {
        CoreModuleProperties.WINDOW_SIZE.set(this, (long) bytes);
        getLocalWindow().init(this);
    }

    /// A command is about to run: lets the client send more before it is read. To be called once, by the library's
    /// thread that receives, before anything reads.
    void grow() throws IOException {
        int more = share.map(ChannelWindows.Share::grow).orElse(0);
        if (more == 0) return;
        LocalWindow window = getLocalWindow();
        long held = window.getMaxSize() - window.getSize();
        setWindow(windows.atFirst() + more);
        window.consume(held);
        sendWindowAdjust(more);
    }

    private void release(int bytes) throws IOException {
        if (getLocalWindow().isOpen()) getLocalWindow().release(bytes);
    }

    /// Bytes that were sent here and that the client's ssh is known not to have passed on. It reports what
    /// it has passed on only once that is more than [#UNREPORTED_PACKETS], as OpenSSH does.
    long untaken() {
        RemoteWindow window = getRemoteWindow();
        if (!window.isOpen()) return 0;
        return Math.max(0, window.getMaxSize() - window.getSize() - UNREPORTED_PACKETS * window.getPacketSize());
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

    /// Sends the exit status before the end of the output. The library does it the other way round (Apache MINA SSHD
    /// 2.20.0): a client whose input has ended closes the channel at the end of the output, and the library then
    /// sends no status, so that `ssh` exits with 255.
    @Override
    protected void closeShell(int exitStatus, boolean immediately) throws IOException {
        if (!isClosing()) sendExitStatus(exitStatus);
        super.closeShell(exitStatus, immediately);
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
