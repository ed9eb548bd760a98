package dispatcher.cli.api.http;

import dispatcher.thread.TimeLimit;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/// What goes to a client that has a limited time to take each piece of it. One that does not read loses its
/// connection, and so holds no thread for longer. Confined to one thread, which is interrupted for that: an
/// interrupt closes a connection that is being written to.
final class PatientOutput extends OutputStream {
    /// Bytes that are written at once. The smaller, the slower a client may be.
    private static final int PIECE = 16 << 10;

    private static final int LARGE = 1 << 20;

    private final OutputStream out;
    private final Duration patience;

    private PatientOutput(OutputStream out, Duration patience) {
        this.out = out;
        this.patience = patience;
    }

    /// @param patience for each piece
    static OutputStream of(OutputStream out, Duration patience) {
        return new BufferedOutputStream(new PatientOutput(out, patience), PIECE);
    }

    /// For what is written as a whole, of which nobody sees how far it has come: a large one has more time.
    ///
    /// @param bytes to be written
    static TimeLimit limit(int bytes, Duration patience) {
        return new TimeLimit(patience.multipliedBy(1 + bytes / LARGE), Thread.currentThread()::interrupt);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
        for (int done = 0; done < count; done += PIECE) {
            int piece = Math.min(PIECE, count - done);
            try (var _ = limit(0, patience)) {
                out.write(bytes, from + done, piece);
            }
        }
    }

    @Override
    public void flush() throws IOException {
        try (var _ = limit(0, patience)) {
            out.flush();
        }
    }

    @Override
    public void close() throws IOException {
        try (var _ = limit(0, patience)) {
            out.close();
        }
    }
}
