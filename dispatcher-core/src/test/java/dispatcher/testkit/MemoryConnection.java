package dispatcher.testkit;

import dispatcher.wire.CommandChannel;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A client and a program, connected by three pipes in memory. The client's end is a channel; the program's end
/// are its three streams.
public final class MemoryConnection implements AutoCloseable {
    private final MemoryPipe requests;
    private final MemoryPipe replies;
    private final MemoryPipe errors;
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();

    public MemoryConnection() {
        this(64 * 1024);
    }

    /// @param capacity bytes that fit into each pipe
    public MemoryConnection(int capacity) {
        requests = new MemoryPipe(capacity);
        replies = new MemoryPipe(capacity);
        errors = new MemoryPipe(capacity);
    }

    /// The client's end; closing it is what a killed client does.
    public CommandChannel channel() {
        return new CommandChannel() {
            @Override
            public InputStream in() {
                return replies.in();
            }

            @Override
            public OutputStream out() {
                return requests.out();
            }

            @Override
            public InputStream err() {
                return errors.in();
            }

            @Override
            public void awaitErrors() {}

            @Override
            public OptionalInt exitStatus(Duration limit) throws InterruptedException {
                try {
                    return OptionalInt.of(exit.get(limit.toMillis(), TimeUnit.MILLISECONDS));
                } catch (TimeoutException e) {
                    return OptionalInt.empty();
                } catch (ExecutionException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void close() {
                requests.end();
                replies.abort();
                errors.abort();
            }
        };
    }

    /// The program's standard input.
    public InputStream in() {
        return requests.in();
    }

    /// The program's standard output.
    public OutputStream out() {
        return replies.out();
    }

    /// The program's standard error.
    public OutputStream err() {
        return errors.out();
    }

    /// The program ends, with all that it has written still to be read.
    public void exit(int status) {
        exit.complete(status);
        replies.end();
        errors.end();
        requests.abort();
    }

    /// Whether the client has left, or the connection broke.
    boolean isBroken() {
        return replies.isBroken();
    }

    /// The connection breaks.
    @Override
    public void close() {
        requests.abort();
        replies.abort();
        errors.abort();
    }
}
