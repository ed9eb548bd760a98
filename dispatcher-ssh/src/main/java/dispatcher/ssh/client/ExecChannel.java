package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.BoundedWriter;
import dispatcher.ssh.LinkWatch;
import dispatcher.ssh.MeasuredOutput;
import dispatcher.ssh.PipeInput;
import dispatcher.ssh.WriteWatch;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.ChannelListener;
import org.apache.sshd.common.channel.throttle.ChannelStreamWriter;
import org.jspecify.annotations.Nullable;

/// The library's end of a channel on which a command runs. Its methods are called by the library's threads and
/// do not block.
final class ExecChannel extends ChannelExec {
    private final MachineAddress address;
    private final String command;
    private final PipeInput standardOutput = new PipeInput(this::release);
    private final ErrorInput standardError;
    private final CompletableFuture<OptionalInt> exit = new CompletableFuture<>();
    private final WriteWatch watch;
    private final BoundedWriter writer;

    /// The failure that readers get when the connection goes before the channel has ended.
    private volatile @Nullable IOException reason;

    ExecChannel(MachineAddress address, String command, int errorBytes, LinkWatch watch) {
        super(command, StandardCharsets.UTF_8, null, Map.of());
        this.address = address;
        this.command = command;
        standardError = new ErrorInput(errorBytes);
        this.watch = new WriteWatch(watch);
        writer = new BoundedWriter(this, this.watch);
        setOut(OutputStream.nullOutputStream());
        setErr(OutputStream.nullOutputStream());
        addChannelListener(new ChannelListener() {
            @Override
            public void channelStateChanged(Channel channel, @Nullable String hint) {
                Integer status = getExitStatus();
                if (status != null) exit.complete(OptionalInt.of(status));
            }
        });
        addCloseFutureListener(_ -> gone());
    }

    /// What the command reads. For one thread at a time.
    OutputStream standardInput() {
        return new MeasuredOutput(getInvertedIn(), watch);
    }

    PipeInput standardOutput() {
        return standardOutput;
    }

    ErrorInput standardError() {
        return standardError;
    }

    CompletableFuture<OptionalInt> exit() {
        return exit;
    }

    /// Stops readers and writers at once. The peer is informed by [#close(boolean)].
    void abort(IOException cause) {
        standardOutput.abort(cause);
        standardError.abort(cause);
        writer.close();
        exit.complete(OptionalInt.empty());
    }

    private void release(int bytes) throws IOException {
        if (getLocalWindow().isOpen()) getLocalWindow().release(bytes);
    }

    @Override
    public ChannelStreamWriter resolveChannelStreamWriter(Channel channel, byte cmd) {
        return writer;
    }

    @Override
    protected void doWriteData(byte[] data, int off, long len) {
        standardOutput.receive(data, off, Math.toIntExact(len));
    }

    @Override
    protected void doWriteExtendedData(byte[] data, int off, long len) throws IOException {
        standardError.receive(data, off, Math.toIntExact(len));
        release(Math.toIntExact(len));
    }

    @Override
    public void handleEof() throws IOException {
        standardOutput.end();
        standardError.end();
        super.handleEof();
    }

    @Override
    public void handleClose() throws IOException {
        standardOutput.end();
        standardError.end();
        writer.close();
        super.handleClose();
    }

    /// The host does not start the command. Not left to the library, which would log a warning.
    @Override
    public void handleFailure() throws IOException {
        if (removePendingRequest(Channel.CHANNEL_EXEC) == null) return;
        reason = new UnreachableException(
                Kind.NO_CHANNEL,
                "%s did not start `%s`".formatted(address, command),
                "see the log of its sshd, and whether authorized_keys or ForceCommand there allows no commands");
        standardOutput.fail(reason);
        standardError.end();
        close(false);
    }

    /// To be called before the connection is closed, so that readers learn the cause.
    void breakWith(IOException cause) {
        reason = cause;
    }

    IOException reasonOr(String otherwise) {
        IOException known = reason;
        return known != null ? known : new IOException(otherwise);
    }

    private void gone() {
        standardOutput.fail(reasonOr("the connection to " + address + " broke"));
        standardError.end();
        writer.close();
        exit.complete(OptionalInt.empty());
    }
}
