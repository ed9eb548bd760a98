package dispatcher.record;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.ByteString;
import dispatcher.record.RecordStore.LogPart;
import dispatcher.store.BuildLog;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/// The log of one build on its way to the record store: its lines as the builder wrote them, colours too, and the
/// dispatcher's own notes. Of a log that is too long the beginning is kept, and a line says that the rest is not.
///
/// Safe for any thread. Takes at most [#PIECE] and what is compressed but not written down yet.
final class RecordedLog implements BuildLog {
    /// Bytes that are compressed together.
    static final int PIECE = 32 * 1024;

    private final long build;
    private final long most;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ByteArrayOutputStream open = new ByteArrayOutputStream();

    @GuardedBy("lock")
    private final List<LogPart> full = new ArrayList<>();

    @GuardedBy("lock")
    private int parts;

    @GuardedBy("lock")
    private long bytes;

    @GuardedBy("lock")
    private boolean isCut;

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
        full.add(new LogPart(build, parts++, compress(open.toByteArray())));
        open.reset();
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

    /// What is complete so far and not written down yet.
    List<LogPart> unsaved() {
        lock.lock();
        try {
            return List.copyOf(full);
        } finally {
            lock.unlock();
        }
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

    /// What is not written down yet.
    ///
    /// @param part number of the piece that it begins with
    record Rest(int part, ByteString text) {}

    Rest rest() {
        lock.lock();
        try {
            var text = new ByteArrayOutputStream();
            for (var part : full) text.writeBytes(decompress(part));
            text.writeBytes(open.toByteArray());
            return new Rest(parts - full.size(), ByteString.wrap(text.toByteArray()));
        } finally {
            lock.unlock();
        }
    }

    private static ByteString compress(byte[] text) {
        var deflater = new Deflater(Deflater.BEST_SPEED);
        try {
            deflater.setInput(text);
            deflater.finish();
            var out = new ByteArrayOutputStream();
            var piece = new byte[8192];
            while (!deflater.finished()) out.write(piece, 0, deflater.deflate(piece));
            return ByteString.wrap(out.toByteArray());
        } finally {
            deflater.end();
        }
    }

    /// @throws IllegalArgumentException if that is not what was compressed
    static byte[] decompress(LogPart part) {
        var inflater = new Inflater();
        try {
            inflater.setInput(part.compressed().toByteArray());
            var out = new ByteArrayOutputStream();
            var piece = new byte[8192];
            while (!inflater.finished()) {
                int n = inflater.inflate(piece);
                if (n == 0) throw new IllegalArgumentException("piece %d of the log is cut off".formatted(part.part()));
                out.write(piece, 0, n);
            }
            return out.toByteArray();
        } catch (DataFormatException e) {
            throw new IllegalArgumentException("piece %d of the log is damaged".formatted(part.part()), e);
        } finally {
            inflater.end();
        }
    }
}
