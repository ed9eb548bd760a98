package dispatcher.store.spool;

import dispatcher.nix.Hash;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.nix.nar.NarWriter;
import dispatcher.store.NarToAdd;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.wire.NarSummary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/// A path with its NAR, for tests to put into a spool.
final class Upload {
    /// What a NAR of a file has beside the file's own bytes, if those are a multiple of 8.
    static final int OVERHEAD = 112;

    private final PathInfo info;
    private final byte[] nar;

    private Upload(PathInfo info, byte[] nar) {
        this.info = info;
        this.nar = nar;
    }

    /// The same for the same arguments.
    ///
    /// @param size of the NAR, a multiple of 8
    static Upload of(String name, int size) {
        return of(name, name, size);
    }

    /// As [#of(String, int)]; those with the same content and size have the same NAR.
    static Upload of(String name, String content, int size) {
        var bytes = new byte[size - OVERHEAD];
        new Random(content.hashCode()).nextBytes(bytes);
        var nar = new ByteArrayOutputStream(size);
        try {
            NarWriter.writeFile(nar, false, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Upload(PathInfo.of(path(name), hash(nar.toByteArray()), nar.size(), List.of()), nar.toByteArray());
    }

    static StorePath path(String name) {
        var digits = Hash.sha256(name.getBytes(StandardCharsets.UTF_8)).nix32();
        return StorePath.of(digits.substring(0, StorePath.HASH_DIGITS), name);
    }

    static NarHash hash(byte[] bytes) {
        return new NarHash(Hash.sha256(bytes).bytes());
    }

    PathInfo info() {
        return info;
    }

    byte[] nar() {
        return nar;
    }

    StorePath path() {
        return info.path();
    }

    NarSummary summary() {
        return new NarSummary(hash(nar), nar.length);
    }

    /// Writes the NAR in two pieces.
    NarSource source() {
        return sink -> {
            int half = nar.length / 2;
            sink.write(nar, 0, half);
            sink.write(nar, half, nar.length - half);
            return summary();
        };
    }

    Upload withInfo(PathInfo newInfo) {
        return new Upload(newInfo, nar);
    }

    NarToAdd toAdd() {
        return new NarToAdd(info, source());
    }

    void addTo(Spool spool) throws IOException, InterruptedException {
        add(spool, info, source());
    }

    /// What a client uploads that leaves at once.
    static void add(Spool spool, PathInfo info, NarSource source) throws IOException, InterruptedException {
        try (var session = spool.session("client")) {
            session.addToStore(List.of(new NarToAdd(info, source)));
        }
    }

    static SpoolSession pin(Spool spool, List<StorePath> paths) {
        var session = spool.session("client");
        session.keep(paths);
        return session;
    }
}
