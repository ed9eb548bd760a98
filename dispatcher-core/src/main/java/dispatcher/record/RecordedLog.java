package dispatcher.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.ByteString;
import dispatcher.record.RecordStore.LogPart;
import dispatcher.store.BuildLog;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// The log of one build on its way to the record store: its lines as the builder wrote them, colours too, and the
/// dispatcher's own notes. Of a log that is too long the beginning is kept, and a line says that the rest is not.
///
/// Safe for any thread. The build only copies its lines; the thread that writes them down compresses. If that falls
/// behind, the build does it: so this takes at most [#MOST_PLAIN] pieces and what is compressed but not written down
/// yet.
final class RecordedLog implements BuildLog {
    /// Bytes that are compressed together.
    static final int PIECE = 32 * 1024;

    /// Pieces that may wait for the thread that compresses them.
    private static final int MOST_PLAIN = 16;

    private final long build;
    private final long most;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ByteArrayOutputStream open = new ByteArrayOutputStream(256);

    @GuardedBy("lock")
    private final List<Piece> full = new ArrayList<>();

    @GuardedBy("lock")
    private int parts;

    @GuardedBy("lock")
    private long bytes;

    @GuardedBy("lock")
    private int plain;

    @GuardedBy("lock")
    private boolean isCut;

    /// One that is complete.
    ///
    /// @param text       empty once it is compressed
    /// @param compressed empty before that
    private record Piece(int part, long start, Optional<byte[]> text, Optional<LogPart> compressed) {
        byte[] read() {
            return text.orElseGet(
                    () -> Compression.LOGS.decompress(compressed.orElseThrow().compressed()));
        }
    }

    /// @param most bytes to keep, before compression; nothing at all if it is 0
    RecordedLog(long build, long most) {
        this.build = build;
        this.most = most;
        this.isCut = most == 0;
    }

    @Override
    public void note(String text) {
        add(ByteString.of(text));
    }

    /// It is in the record.
    @Override
    public void assigned(String machine, String reason) {}

    @Override
    public void phase(String phase) {}

    @Override
    public void line(ByteString line) {
        add(line);
    }

    @Override
    public void flush() {}

    private void add(ByteString line) {
        lock.lock();
        try {
            if (isCut) return;
            if (bytes + line.length() + 1 > most) {
                isCut = true;
                append(ByteString.of("(the rest of this log is not kept; see records.logSize)"));
            } else {
                append(line);
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void append(ByteString line) {
        open.writeBytes(line.toByteArray());
        open.write('\n');
        bytes += line.length() + 1;
        if (open.size() >= PIECE) close();
    }

    @GuardedBy("lock")
    private void close() {
        if (open.size() == 0) return;
        var piece = new Piece(parts++, bytes - open.size(), Optional.of(open.toByteArray()), Optional.empty());
        if (plain < MOST_PLAIN) {
            plain++;
            full.add(piece);
        } else {
            full.add(compressed(piece));
        }
        open.reset();
    }

    private Piece compressed(Piece piece) {
        var kept = piece.text.map(text -> LogPart.of(build, piece.part, piece.start, text));
        return kept.isEmpty() ? piece : new Piece(piece.part, piece.start, Optional.empty(), kept);
    }

    /// The build is over: all of it is complete.
    void end() {
        lock.lock();
        try {
            close();
        } finally {
            lock.unlock();
        }
    }

    /// Whether anything is complete and not written down yet.
    boolean hasUnsaved() {
        lock.lock();
        try {
            return !full.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /// What is complete so far and not written down yet. For the one thread that writes it down.
    List<LogPart> unsaved() {
        List<Piece> pieces;
        lock.lock();
        try {
            pieces = List.copyOf(full);
        } finally {
            lock.unlock();
        }
        var compressed = pieces.stream().map(this::compressed).toList();
        lock.lock();
        try {
            for (int i = 0; i < compressed.size(); i++) {
                if (full.get(i).text.isPresent()) plain--;
                full.set(i, compressed.get(i));
            }
        } finally {
            lock.unlock();
        }
        return compressed.stream().map(piece -> piece.compressed.orElseThrow()).toList();
    }

    /// These are written down, the first ones of [#unsaved].
    void saved(int count) {
        lock.lock();
        try {
            full.subList(0, count).clear();
        } finally {
            lock.unlock();
        }
    }

    /// Some of what is not written down yet.
    ///
    /// @param part   number of the piece that all of it begins with
    /// @param start  bytes of the log before all of it
    /// @param end    bytes of the log
    /// @param textAt where `text` begins, in bytes from the beginning of the log
    record Rest(int part, long start, long end, long textAt, ByteString text) {}

    /// @param from what is not written down before that is not wanted, but for the rest of its piece
    /// @param most bytes, but for the rest of the piece that the last of them is in
    Rest rest(long from, long most) {
        List<Piece> pieces;
        byte[] last;
        long end;
        int next;
        lock.lock();
        try {
            pieces = List.copyOf(full);
            last = open.toByteArray();
            end = bytes;
            next = parts;
        } finally {
            lock.unlock();
        }
        long lastAt = end - last.length;
        var text = new ByteArrayOutputStream();
        long textAt = lastAt;
        for (int i = 0; i < pieces.size(); i++) {
            long pieceEnd = i + 1 < pieces.size() ? pieces.get(i + 1).start : lastAt;
            if (pieceEnd <= from) continue;
            if (text.size() >= most) break;
            if (text.size() == 0) textAt = pieces.get(i).start;
            text.writeBytes(pieces.get(i).read());
        }
        if (text.size() < most) text.writeBytes(last);
        long start = pieces.isEmpty() ? lastAt : pieces.getFirst().start;
        return new Rest(next - pieces.size(), start, end, textAt, ByteString.wrap(text.toByteArray()));
    }
}
