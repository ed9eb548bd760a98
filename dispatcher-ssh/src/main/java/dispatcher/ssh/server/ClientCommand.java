package dispatcher.ssh.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dispatcher.ssh.WatchedOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Objects;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A command that a client asked for. It runs on a virtual thread of its own, from the library's start to the exit
/// status, which the client gets in every case: without one it would wait without end.
final class ClientCommand implements Command {
    private static final Logger log = LoggerFactory.getLogger(ClientCommand.class);

    /// Does what the command is for, and returns the exit status.
    interface Task {
        int run(InputStream in, OutputStream out, OutputStream err) throws IOException;
    }

    private final SshFrontEnd.Client client;
    private final FrontEndChannel channel;
    private final Task task;
    private final boolean reads;
    private @Nullable WatchedOutput out;
    private @Nullable WatchedOutput err;
    private @Nullable ExitCallback callback;

    private ClientCommand(SshFrontEnd.Client client, FrontEndChannel channel, Task task, boolean reads) {
        this.client = client;
        this.channel = channel;
        this.task = task;
        this.reads = reads;
    }

    /// A conversation, for which the client may send much.
    static ClientCommand conversation(SshFrontEnd.Client client, FrontEndChannel channel, Task task) {
        return new ClientCommand(client, channel, task, true);
    }

    /// Writes one line for the client's user, and fails.
    static ClientCommand refusal(SshFrontEnd.Client client, FrontEndChannel channel, String line) {
        return new ClientCommand(
                client,
                channel,
                (_, _, err) -> {
                    err.write((line + "\n").getBytes(UTF_8));
                    return 1;
                },
                false);
    }

    @Override
    public void setInputStream(InputStream in) {
        // Not called, as the channel has a receiver of its own.
    }

    @Override
    public void setOutputStream(OutputStream to) {
        out = new WatchedOutput(to, channel::untaken, this::explain);
    }

    @Override
    public void setErrorStream(OutputStream to) {
        err = new WatchedOutput(to, channel::untaken, this::explain);
    }

    private IOException explain(IOException cause) {
        // A connection that ends refuses what is written before its channels know.
        boolean isThere = channel.isOpen() && channel.getSession().isOpen();
        if (isThere || cause instanceof InterruptedIOException) return cause;
        return new IOException("client %s has gone".formatted(client.identity()), cause);
    }

    @Override
    public void setExitCallback(ExitCallback exitCallback) {
        callback = exitCallback;
    }

    @Override
    public void start(ChannelSession session, Environment environment) {
        WatchedOutput to = Objects.requireNonNull(out);
        WatchedOutput errTo = Objects.requireNonNull(err);
        ExitCallback exit = Objects.requireNonNull(callback);
        try {
            if (reads) channel.grow();
            client.start(() -> run(to, errTo, exit));
        } catch (Throwable e) {
            log.atError().setCause(e).addKeyValue("client", client.identity()).log("command not started");
            exit.onExit(1);
        }
    }

    private void run(WatchedOutput to, WatchedOutput errTo, ExitCallback exit) {
        int status = 1;
        try {
            client.outputs().add(to);
            client.outputs().add(errTo);
            status = run(to, errTo);
        } catch (IOException e) {
            log.atDebug().addKeyValue("client", client.identity()).log("conversation ended: {}", e.getMessage());
        } catch (Throwable e) {
            // An Error too, such as a stack overflow: it ends this conversation, and its client is to know.
            log.atError().setCause(e).addKeyValue("client", client.identity()).log("conversation failed");
        } finally {
            client.outputs().remove(to);
            client.outputs().remove(errTo);
            exit.onExit(status);
        }
    }

    private int run(WatchedOutput to, WatchedOutput errTo) throws IOException {
        int status = task.run(channel.in(), to, errTo);
        errTo.flush();
        to.flush();
        return status;
    }

    @Override
    public void destroy(ChannelSession session) {
        channel.in().end();
    }
}
