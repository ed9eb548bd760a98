package dispatcher.ssh.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// The channels that one connection has open: how many there may be, and what they may hold of what the client sends
/// before it is read.
///
/// A channel has a small window until a command runs on it; only then does anything read. The first
/// commands get the whole window, and each later one a part of what is left, so that all of a connection together
/// hold no more than [#BYTES] and the small window of each. Safe for any thread; does not block.
final class ChannelWindows {
    /// Before a command runs, and the least that one gets: room for two packets of the library's size.
    static final int SMALL = 64 * 1024;

    /// What all commands of a connection get beyond that.
    static final int BYTES = 16 << 20;

    /// Of what is left, the part that one command may take.
    private static final int PART = 4;

    private final int whole;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private int channels;

    @GuardedBy("lock")
    private int left = BYTES;

    /// @param whole what a command gets while there is room, in bytes
    ChannelWindows(int whole) {
        this.whole = whole;
    }

    /// What a channel begins with, in bytes.
    int atFirst() {
        return Math.min(SMALL, whole);
    }

    /// One more channel, if there are fewer than `most`.
    Optional<Share> open(int most) {
        lock.lock();
        try {
            if (channels >= most) return Optional.empty();
            channels++;
            return Optional.of(new Share());
        } finally {
            lock.unlock();
        }
    }

    /// What one channel has, until it is closed.
    final class Share {
        @GuardedBy("lock")
        private int grown;

        @GuardedBy("lock")
        private boolean closed;

        private Share() {}

        /// A command is about to run on the channel. To be called once.
        ///
        /// @return by how many bytes its window grows
        int grow() {
            lock.lock();
            try {
                if (closed) return 0;
                grown = Math.min(whole - atFirst(), left / PART);
                left -= grown;
                return grown;
            } finally {
                lock.unlock();
            }
        }

        /// The channel is gone. May be called again.
        void close() {
            lock.lock();
            try {
                if (closed) return;
                closed = true;
                channels--;
                left += grown;
            } finally {
                lock.unlock();
            }
        }
    }

    /// How many channels are open.
    int channels() {
        lock.lock();
        try {
            return channels;
        } finally {
            lock.unlock();
        }
    }
}
