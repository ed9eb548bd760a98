package dispatcher.ssh;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The bytes that arrive on a channel, for a reader that may be slow. The sender never waits here: the channel's flow
/// control bounds what can be under way, and [Consumed] informs it of what has been read.
///
/// The library's own pipe moves all that it holds each time that a packet has been read, which is slow when it
/// holds megabytes; this one keeps pieces.
public final class PipeInput extends InputStream {
    private static final int PIECE_BYTES = 32 * 1024;
    private static final int SMALL_PIECE_BYTES = 1024;

    /// Receives how many bytes were read. May write to the peer; no lock is held.
    public interface Consumed {
        void consumed(int bytes) throws IOException;
    }

    private static final class Piece {
        final byte[] bytes;
        int start;
        int end;

        Piece(int size) {
            bytes = new byte[size];
        }
    }

    private final Consumed consumed;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /// Empty pieces are not kept, except for a small one.
    @GuardedBy("lock")
    private final ArrayDeque<Piece> pieces = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean ended;

    @GuardedBy("lock")
    private @Nullable IOException failure;

    public PipeInput(Consumed consumed) {
        this.consumed = consumed;
    }

    /// Adds to what can be read; dropped after the end.
    public void receive(byte[] data, int offset, int length) {
        lock.lock();
        try {
            if (ended) return;
            int from = offset;
            int left = length;
            while (left > 0) {
                Piece last = pieces.peekLast();
                if (last == null || last.end == last.bytes.length) {
                    last = new Piece(left <= SMALL_PIECE_BYTES ? SMALL_PIECE_BYTES : Math.max(PIECE_BYTES, left));
                    pieces.add(last);
                }
                int count = Math.min(left, last.bytes.length - last.end);
                System.arraycopy(data, from, last.bytes, last.end, count);
                last.end += count;
                from += count;
                left -= count;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Nothing more will come. What has come can still be read. The first ending counts.
    public void end() {
        end(null);
    }

    /// Nothing more will come, and readers learn why once they have read what has come. The first ending counts.
    public void fail(IOException cause) {
        end(cause);
    }

    private void end(@Nullable IOException cause) {
        lock.lock();
        try {
            if (ended) return;
            ended = true;
            failure = cause;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Drops what has come and makes reads fail, also those under way.
    public void abort(IOException cause) {
        lock.lock();
        try {
            pieces.clear();
            ended = true;
            failure = cause;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        java.util.Objects.checkFromIndexSize(offset, length, into.length);
        if (length == 0) return 0;
        int count = take(into, offset, length);
        if (count > 0) consumed.consumed(count);
        return count;
    }

    private int take(byte[] into, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (true) {
                Piece first = pieces.peekFirst();
                if (first != null && first.start < first.end) return take(first, into, offset, length);
                if (ended) {
                    IOException cause = failure;
                    if (cause != null) throw cause;
                    return -1;
                }
                changed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading");
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private int take(Piece first, byte[] into, int offset, int length) {
        int total = 0;
        Piece piece = first;
        while (piece != null && total < length) {
            int count = Math.min(length - total, piece.end - piece.start);
            System.arraycopy(piece.bytes, piece.start, into, offset + total, count);
            piece.start += count;
            total += count;
            if (piece.start < piece.end) break;
            if (pieces.size() == 1 && piece.bytes.length == SMALL_PIECE_BYTES) {
                piece.start = 0;
                piece.end = 0;
                break;
            }
            pieces.removeFirst();
            piece = pieces.peekFirst();
        }
        return total;
    }

    @Override
    public int available() {
        lock.lock();
        try {
            int total = 0;
            for (Piece piece : pieces) total += piece.end - piece.start;
            return total;
        } finally {
            lock.unlock();
        }
    }
}
