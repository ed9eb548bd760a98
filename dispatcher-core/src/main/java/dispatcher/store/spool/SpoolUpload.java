package dispatcher.store.spool;

import dispatcher.nix.PathInfo;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.spool.SpoolNode.Nar;
import dispatcher.store.spool.SpoolSession.Follower;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A NAR on its way into the spool: the room set aside for it and its temporary file, or, if an equal one is
/// there, nothing but a hold on that. Room is taken as bytes come, a little ahead of them: what is announced and
/// does not come takes none. Confined to one thread.
final class SpoolUpload implements AutoCloseable {
    /// Set aside at once; after that, a quarter of what has come.
    private static final long FIRST_STEP = 1 << 20;

    private static final long LARGEST_STEP = 64 << 20;
    private static final int QUARTER = 4;

    private final SpoolContents contents;
    private final SpoolFiles files;
    private final SpoolOwner client;
    private final PathInfo announced;
    private final long indexBytes;
    private final Path temporary;
    private final @Nullable Nar shared;
    private final Follower follower;
    private final CRC32C crc32c = new CRC32C();
    private @Nullable GrowingNar followed;
    private long reserved;
    private long written;

    /// @param announced what its sender says of the path
    SpoolUpload(SpoolContents contents, SpoolFiles files, PathInfo announced, SpoolOwner client, Follower follower)
            throws IOException {
        this.follower = follower;
        this.contents = contents;
        this.files = files;
        this.client = client;
        this.announced = announced;
        this.indexBytes = SpoolNode.largestWeight(announced);
        this.temporary = files.newTemporary();
        contents.reserveIndex(announced.path(), indexBytes, client);
        boolean done = false;
        try {
            this.shared = contents.hold(announced.narHash()).orElse(null);
            if (shared == null) {
                contents.requireRoom(announced.path(), announced.narSize(), client);
                reserve(Math.min(announced.narSize(), FIRST_STEP));
            }
            done = true;
        } finally {
            if (!done) contents.unreserveIndex(indexBytes, client);
        }
    }

    private void reserve(long size) throws IOException {
        contents.reserve(announced.path(), size, client);
        reserved += size;
    }

    /// Sets room aside for the next `length` bytes, and for some that follow.
    private void reserveFor(int length) throws IOException {
        long needed = length - (reserved - written);
        if (needed <= 0) return;
        long ahead = Math.clamp(written / QUARTER, FIRST_STEP, LARGEST_STEP);
        if (announced.narSize() == 0) reserve(needed);
        else reserve(Math.min(announced.narSize() - reserved, Math.max(needed, ahead)));
    }

    /// Takes the NAR to its end and, if it is what was announced, makes the path one of those that are there.
    void receive(NarSource nar) throws IOException, InterruptedException {
        var summary = shared != null ? nar.writeTo(OutputStream.nullOutputStream()) : write(nar);
        summary.requireSameAs(announced, "its upload");
        try {
            contents.publish(withSize(summary.size()), (int) crc32c.getValue(), temporary, client);
        } catch (IOException e) {
            throw explained(e);
        }
        if (followed != null) followed.end(isAsAnnounced());
    }

    /// Another upload of the path, with another NAR, may have been there first.
    private boolean isAsAnnounced() {
        return contents.info(announced.path())
                .filter(info -> info.narHash().equals(announced.narHash()))
                .isPresent();
    }

    private NarSummary write(NarSource nar) throws IOException, InterruptedException {
        NarSummary summary;
        try (var sink = new Sink()) {
            beFollowed();
            summary = nar.writeTo(sink);
        }
        if (summary.size() != written)
            throw new ProtocolException("the NAR of %s is said to have %d bytes, and %d came"
                    .formatted(announced.path(), summary.size(), written));
        return summary;
    }

    private void beFollowed() throws IOException {
        if (announced.narSize() == 0 || !follower.wants(announced)) return;
        var nar = new GrowingNar(announced, temporary);
        followed = nar;
        follower.begins(nar);
    }

    private PathInfo withSize(long size) {
        return new PathInfo(
                announced.path(),
                announced.deriver(),
                announced.narHash(),
                announced.references(),
                announced.registrationTime(),
                size,
                false,
                announced.signatures(),
                announced.contentAddress());
    }

    /// The temporary file, for as many bytes as were announced, as far as there is room for them. A disk that
    /// is full before the spool is has other paths go, as a full spool does.
    private final class Sink extends OutputStream {
        private final RandomAccessFile file;

        Sink() throws IOException {
            try {
                file = new RandomAccessFile(temporary.toFile(), "rw");
            } catch (IOException e) {
                throw explained(e);
            }
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (announced.narSize() != 0 && length > announced.narSize() - written)
                throw new ProtocolException("the NAR of %s is larger than the %d bytes that its path info says"
                        .formatted(announced.path(), announced.narSize()));
            reserveFor(length);
            while (!tryWrite(bytes, offset, length)) file.seek(written);
            crc32c.update(bytes, offset, length);
            written += length;
            if (followed != null) followed.grown(written);
        }

        /// @return false if the disk was full, and is less so now
        private boolean tryWrite(byte[] bytes, int offset, int length) throws IOException {
            try {
                file.write(bytes, offset, length);
                return true;
            } catch (IOException e) {
                if (files.isFull(e) && contents.free(toCome())) return false;
                throw explained(e);
            }
        }

        /// As far as is known. If that much cannot go, nothing needs to.
        private long toCome() {
            return Math.max(reserved, announced.narSize()) - written;
        }

        @Override
        public void close() throws IOException {
            try {
                file.close();
            } catch (IOException e) {
                throw explained(e);
            }
        }
    }

    /// What a write that failed means to the client that uploads.
    private IOException explained(IOException e) {
        if (files.isFull(e))
            return new StoreRefusedException(
                    "the disk of the spool at %s is full, so it cannot take %s: free some space there, or set a smaller spool.size in the settings"
                            .formatted(files.root(), announced.path()),
                    e);
        return new IOException(
                "cannot write %s to the spool at %s: %s (%s)"
                        .formatted(
                                announced.path(),
                                files.root(),
                                e.getMessage(),
                                e.getClass().getSimpleName()),
                e);
    }

    @Override
    public void close() {
        if (followed != null) followed.end(false);
        files.delete(temporary);
        contents.unreserve(reserved, client);
        contents.unreserveIndex(indexBytes, client);
        if (shared != null) contents.release(shared);
    }
}
