package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

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

/// What a client asked for, running on a virtual thread of its own from the library's word to go to its exit
/// status.
final class ClientCommand implements Command {
    private static final Logger log = LoggerFactory.getLogger(ClientCommand.class);

    /// What is done; returns the exit status.
    interface Task {
        int run(InputStream in, OutputStream out, OutputStream err) throws IOException;
    }

    private final SshFrontEnd.Client client;
    private final FrontEndChannel channel;
    private final Task task;
    private @Nullable WatchedOutput out;
    private @Nullable WatchedOutput err;
    private @Nullable ExitCallback callback;

    ClientCommand(SshFrontEnd.Client client, FrontEndChannel channel, Task task) {
        this.client = client;
        this.channel = channel;
        this.task = task;
    }

    /// A task that tells the client's user one line, and fails.
    static Task refusal(String line) {
        return (_, _, err) -> {
            err.write((line + "\n").getBytes(UTF_8));
            return 1;
        };
    }

    @Override
    public void setInputStream(InputStream in) {
        // Not called, as the channel has a receiver of its own.
    }

    @Override
    public void setOutputStream(OutputStream to) {
        out = new WatchedOutput(to, this::explain);
    }

    @Override
    public void setErrorStream(OutputStream to) {
        err = new WatchedOutput(to, this::explain);
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
        client.start(() -> {
            client.outputs().add(to);
            client.outputs().add(errTo);
            try {
                exit.onExit(run(to, errTo));
            } finally {
                client.outputs().remove(to);
                client.outputs().remove(errTo);
            }
        });
    }

    private int run(OutputStream to, OutputStream errTo) {
        try {
            int status = task.run(channel.in(), to, errTo);
            errTo.flush();
            to.flush();
            return status;
        } catch (IOException e) {
            log.atDebug().addKeyValue("client", client.identity()).log("conversation ended: {}", e.getMessage());
            return 1;
        } catch (RuntimeException e) {
            log.atError().setCause(e).addKeyValue("client", client.identity()).log("conversation failed");
            return 1;
        }
    }

    @Override
    public void destroy(ChannelSession session) {
        channel.in().end();
    }
}
