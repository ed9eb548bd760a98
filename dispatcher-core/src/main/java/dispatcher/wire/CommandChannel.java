package dispatcher.wire;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.OptionalInt;

/// A running program at the far end of a connection: its standard streams, seen from the other side.
///
/// Reading and writing are each for one thread at a time, and may be different threads. [#close] is for any
/// thread, takes effect at once, makes blocked reads and writes fail, and may be called again.
public interface CommandChannel extends Closeable {
    /// What the program writes to its standard output.
    InputStream in();

    /// What the program reads as its standard input. Not buffered beyond what a packet holds: wrap it, and
    /// flush.
    OutputStream out();

    /// What the program writes to its standard error. Must be read (or the program blocks at some point). Its
    /// `available` is for any thread and never blocks, even while another thread reads; 0 if it cannot know.
    InputStream err();

    /// Returns when all that the far end wrote to standard error before its last byte on [#in] that was read
    /// here can be read from [#err] without waiting. A channel that cannot know returns at once.
    void awaitErrors() throws IOException;

    /// The program's exit status, waiting at most `limit` for it; empty if it still runs or died without one.
    OptionalInt exitStatus(Duration limit) throws InterruptedException;

    @Override
    void close();
}
