package dispatcher.ssh.tunnel;

import dispatcher.ssh.BoundedWriter;
import dispatcher.ssh.LinkWatch;
import dispatcher.ssh.PipeInput;
import dispatcher.ssh.WriteWatch;
import java.io.IOException;
import org.apache.sshd.client.channel.AbstractClientChannel;
import org.apache.sshd.client.future.DefaultOpenFuture;
import org.apache.sshd.client.future.OpenFuture;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.ChannelOutputStream;
import org.apache.sshd.common.channel.LocalWindow;
import org.apache.sshd.common.channel.throttle.ChannelStreamWriter;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.core.CoreModuleProperties;

/// The library's end of a channel for a tunnel. Its methods are called by the library's threads and do not block.
///
/// Source: RFC 4254, section 7.2.
final class TunnelChannel extends AbstractClientChannel {
    /// What may be under way to us: a round trip of 100 ms at 40 MB/s.
    private static final long WINDOW_BYTES = 4L << 20;

    private static final String ORIGINATOR = "127.0.0.1";

    private final TunnelTarget target;
    private final PipeInput received = new PipeInput(this::release);
    private final BoundedWriter writer = new BoundedWriter(this, new WriteWatch(LinkWatch.NONE));

    TunnelChannel(TunnelTarget target) {
        super(target.type());
        this.target = target;
        CoreModuleProperties.WINDOW_SIZE.set(this, WINDOW_BYTES);
        addCloseFutureListener(_ -> abort());
    }

    PipeInput in() {
        return received;
    }

    /// Stops readers and writers at once.
    void abort() {
        received.fail(new IOException("the tunnel to %s port %d is closed".formatted(target.host(), target.port())));
        writer.close();
    }

    private void release(int bytes) throws IOException {
        if (getLocalWindow().isOpen()) getLocalWindow().release(bytes);
    }

    @Override
    public synchronized OpenFuture open() throws IOException {
        if (isClosing()) throw new IOException("the connection is closed");
        OpenFuture future = new DefaultOpenFuture(this, futureLock);
        openFuture = future;
        Session session = getSession();
        LocalWindow window = getLocalWindow();
        Buffer buffer = session.createBuffer(SshConstants.SSH_MSG_CHANNEL_OPEN);
        buffer.putString(target.type());
        buffer.putUInt(getChannelId());
        buffer.putUInt(window.getSize());
        buffer.putUInt(window.getPacketSize());
        buffer.putString(target.host());
        buffer.putUInt(target.port());
        buffer.putString(ORIGINATOR);
        buffer.putUInt(0);
        var _ = writePacket(buffer);
        return future;
    }

    @Override
    protected void doOpen() throws IOException {
        out = new ChannelOutputStream(this, getRemoteWindow(), log, SshConstants.SSH_MSG_CHANNEL_DATA, true);
        invertedIn = out;
    }

    @Override
    public ChannelStreamWriter resolveChannelStreamWriter(Channel channel, byte cmd) {
        return writer;
    }

    @Override
    protected void doWriteData(byte[] data, int off, long len) {
        received.receive(data, off, Math.toIntExact(len));
    }

    @Override
    protected void doWriteExtendedData(byte[] data, int off, long len) throws IOException {
        throw new IOException("a tunnel has no extended data");
    }

    @Override
    public void handleEof() throws IOException {
        received.end();
        super.handleEof();
    }

    @Override
    public void handleClose() throws IOException {
        received.end();
        writer.close();
        super.handleClose();
    }
}
