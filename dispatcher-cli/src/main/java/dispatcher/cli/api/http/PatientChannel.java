package dispatcher.cli.api.http;

import dispatcher.thread.TimeLimit;
import dispatcher.wire.CommandChannel;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A connection whose client has a limited time to send its request, and again to take the answer, and may send only
/// a limited number of bytes. The time that the dispatcher takes to answer does not count. While there is nothing to
/// write, a client that was slow gets its time back, so that an answer may go on for ever to a client that reads it.
/// Confined to one thread.
final class PatientChannel implements DataWriter {
    private static final int BUFFER = 8 << 10;

    private final CommandChannel channel;
    private final byte[] buffer = new byte[BUFFER];
    private Duration reading;
    private Duration writing;
    private final Duration mostWriting;
    private long written = System.nanoTime();
    private long unread;

    /// @param patience for all that is read, and again for all that is written; the connection ends when it is over
    /// @param most     bytes that are read; after them the connection seems to end
    PatientChannel(CommandChannel channel, Duration patience, long most) {
        this.channel = channel;
        this.reading = patience;
        this.writing = patience;
        this.mostWriting = patience;
        this.unread = most;
    }

    /// Some bytes; null at the end.
    byte @Nullable [] read() {
        if (unread <= 0) return null;
        long start = System.nanoTime();
        try (var _ = new TimeLimit(reading, channel::close)) {
            int count = channel.in().read(buffer, 0, (int) Math.min(buffer.length, unread));
            if (count < 0) return null;
            unread -= count;
            return Arrays.copyOf(buffer, count);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            reading = rest(reading, start);
        }
    }

    /// Reads all that comes, and forgets it.
    void forgetAll() throws IOException {
        try {
            boolean more = true;
            while (more) more = read() != null;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Duration rest(Duration patience, long start) {
        var rest = patience.minusNanos(System.nanoTime() - start);
        return rest.isNegative() ? Duration.ZERO : rest;
    }

    @Override
    public void write(BufferData data) {
        var bytes = new byte[data.available()];
        data.read(bytes);
        long start = System.nanoTime();
        var regained = writing.plusNanos(start - written);
        writing = regained.compareTo(mostWriting) < 0 ? regained : mostWriting;
        try (var _ = new TimeLimit(writing, channel::close)) {
            channel.out().write(bytes);
            channel.out().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writing = rest(writing, start);
            written = System.nanoTime();
        }
    }

    @Override
    public void write(BufferData... parts) {
        for (var part : parts) write(part);
    }

    @Override
    public void writeNow(BufferData data) {
        write(data);
    }

    @Override
    public void writeNow(BufferData... parts) {
        write(parts);
    }
}
