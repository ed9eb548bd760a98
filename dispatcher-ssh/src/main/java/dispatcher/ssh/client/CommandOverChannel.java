package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.WatchedOutput;
import dispatcher.wire.CommandChannel;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// A command that runs on a machine.
final class CommandOverChannel implements CommandChannel {
    /// What sshd reads of a program's standard error at once, at the least.
    private static final int SSHD_READ_BYTES = 4096;

    private final MachineAddress address;
    private final Connection connection;
    private final ExecChannel channel;
    private final WatchedOutput out;
    private final AtomicBoolean closed = new AtomicBoolean();

    /// What had come on standard error when [#awaitErrors] last returned. For the thread that reads.
    private long errorsAwaited;

    /// Whether that was much, so that more may be on its way which had no room before. For the same thread.
    private boolean errorsFlow;

    CommandOverChannel(MachineAddress address, Connection connection, ExecChannel channel) {
        this.address = address;
        this.connection = connection;
        this.channel = channel;
        this.out = new WatchedOutput(channel.standardInput(), () -> 0, this::explain);
    }

    private IOException explain(IOException cause) {
        if (cause instanceof InterruptedIOException) return cause;
        if (closed.get()) return new IOException("the channel to %s is closed".formatted(address), cause);
        // A connection that ends refuses what is written before its channels know.
        String reason = channel.isOpen() && connection.isOpen()
                ? cause.getMessage()
                : channel.reasonOr("the program at %s has ended, or the connection broke".formatted(address))
                        .getMessage();
        return new IOException("cannot write to %s: %s".formatted(address, reason), cause);
    }

    @Override
    public InputStream in() {
        return channel.standardOutput();
    }

    @Override
    public OutputStream out() {
        return out;
    }

    @Override
    public InputStream err() {
        return channel.standardError();
    }

    /// The host's answer to a question comes after all that its sshd had sent before. But sshd answers before it
    /// sends what it has read from the program in the same turn, and reads a bounded piece in each turn; so if
    /// there was more than a small piece, it is asked until nothing has come before two answers in a row. What has
    /// filled the channel's window comes once that has been read here: then this is to be called again.
    @Override
    public void awaitErrors() throws IOException {
        try {
            long begun = channel.standardError().received();
            int quiet = 0;
            while (quiet < 2 && channel.isOpen() && !channel.isEofSignalled()) {
                long before = channel.standardError().received();
                connection.roundTrip();
                long after = channel.standardError().received();
                errorsFlow |= after - errorsAwaited >= SSHD_READ_BYTES;
                if (!errorsFlow) break;
                quiet = after == before ? quiet + 1 : 0;
            }
            errorsAwaited = channel.standardError().received();
            errorsFlow = errorsAwaited != begun;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for standard error");
        }
    }

    @Override
    public OptionalInt exitStatus(Duration limit) throws InterruptedException {
        try {
            return channel.exit().get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return OptionalInt.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean stalled(Duration limit) {
        return out.stalled(limit);
    }

    void breakWith(IOException cause) {
        channel.breakWith(cause);
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) return;
        channel.abort(new IOException("the channel to %s is closed".formatted(address)));
        connection.abandon(channel);
    }
}
