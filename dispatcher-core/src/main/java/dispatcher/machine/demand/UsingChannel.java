package dispatcher.machine.demand;

import dispatcher.wire.CommandChannel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.OptionalInt;

/// A channel that is a use of its machine until it is closed.
record UsingChannel(CommandChannel channel, MachineLifecycle.Use use) implements CommandChannel {
    @Override
    public InputStream in() {
        return channel.in();
    }

    @Override
    public OutputStream out() {
        return channel.out();
    }

    @Override
    public InputStream err() {
        return channel.err();
    }

    @Override
    public void awaitErrors() throws IOException {
        channel.awaitErrors();
    }

    @Override
    public OptionalInt exitStatus(Duration limit) throws InterruptedException {
        return channel.exitStatus(limit);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } finally {
            use.close();
        }
    }
}
