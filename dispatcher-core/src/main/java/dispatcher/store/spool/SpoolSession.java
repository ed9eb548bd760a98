package dispatcher.store.spool;

import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import dispatcher.store.NarToAdd;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.StoreWriter;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;

/// One conversation's dealings with a spool: what the client uploads in it counts towards that client's share,
/// and what the session pins stays until it is closed. A pin takes about a bit. Confined to one thread.
public final class SpoolSession implements StoreWriter, AutoCloseable {
    private final SpoolContents contents;
    private final SpoolFiles files;
    private final SpoolOwner client;
    private final Follower follower;

    /// What it pins, by the index's numbers; changed under the lock of the contents.
    private final BitSet pinned = new BitSet();

    private boolean closed;

    /// Reads a NAR while it comes. Called by the thread that uploads, which it must not hold up.
    public interface Follower {
        /// For uploads that are not read before they are there.
        Follower NONE = new Follower() {
            @Override
            public boolean wants(PathInfo info) {
                return false;
            }

            @Override
            public void begins(GrowingNar nar) {
                nar.close();
            }
        };

        /// Whether the NAR of this path is to be followed, whose size is announced.
        boolean wants(PathInfo info);

        /// The upload begins.
        ///
        /// @param nar to be closed by the follower
        void begins(GrowingNar nar);
    }

    /// @param follower may follow what is uploaded in the session
    SpoolSession(SpoolContents contents, SpoolFiles files, String client, Follower follower) {
        this.contents = contents;
        this.files = files;
        this.client = contents.enter(client);
        this.follower = follower;
    }

    /// Keeps those of `paths` that are there from being evicted until this is closed. Counts as a use, and is no
    /// more than that once the client's sessions pin all of its share.
    public void keep(Collection<StorePath> paths) {
        contents.keep(paths, client, pinned);
    }

    /// Takes paths and keeps them: of each all, or nothing if this throws. What is there already is kept as it is,
    /// though the NAR is read to its end all the same; it has no follower then, as nothing is written. The sink
    /// that a NAR gets throws what this method is to throw, so its source must let that through.
    ///
    /// @param paths with the hashes of the NARs, and sizes if they are known; content addresses are not checked
    /// @throws ProtocolException     if a NAR is not what its path's info says
    /// @throws StoreRefusedException if there is no room, perhaps only found in the middle of a NAR
    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        for (var path : paths) add(path.info(), path.nar());
    }

    private void add(PathInfo info, NarSource nar) throws IOException, InterruptedException {
        NarInfoFile.requirePrintable(info);
        contents.pin(info.path());
        try {
            try (var upload = new SpoolUpload(contents, files, info, client, follower)) {
                upload.receive(nar);
            }
            // Only now, as what was set aside for it counts towards the client's share too.
            keep(List.of(info.path()));
        } finally {
            contents.unpin(info.path());
        }
    }

    /// Keeps a realisation as long as the path that it names.
    ///
    /// @return false if that is not there, and it is not kept
    /// @throws StoreRefusedException if it is too large, or there is no room
    public boolean keep(Realisation realisation) throws IOException, InterruptedException {
        SpoolRealisations.requireBounded(realisation);
        return contents.keep(realisation, client);
    }

    @Override
    public void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        if (!keep(realisation))
            throw new StoreRefusedException("'%s' is not in the spool, and cannot be the output '%s'"
                    .formatted(realisation.outPath(), realisation.id()));
    }

    /// What is there that the client was the first to upload, lately, in any session.
    public SortedSet<StorePath> uploaded() {
        return contents.paths(client);
    }

    @Override
    public void close() {
        if (closed) return;
        closed = true;
        contents.leave(client, pinned);
    }
}
