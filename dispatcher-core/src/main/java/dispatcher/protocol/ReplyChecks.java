package dispatcher.protocol;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.FalseAnswerException;
import dispatcher.wire.Limits;
import dispatcher.wire.NarCopy;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/// Holds answers of a store against what it was asked.
public final class ReplyChecks {
    /// Beyond the limit of one info, what all that are asked for at once may take. Few have more, but many of them.
    private static final long INFO_BYTES = 4096;

    /// What is known of one output of a build.
    private static final long OUTPUT_BYTES = 4096;

    private ReplyChecks() {}

    /// For a reply that names some of the paths `asked` for.
    public static Limits naming(StoreDir storeDir, Collection<StorePath> asked) {
        int directory = storeDir.toString().length() + 1;
        long bytes = 0;
        for (var path : asked) bytes += directory + path.baseName().length();
        return Limits.ANSWERS.plus(asked.size(), bytes);
    }

    /// For the result of a build with a number of outputs.
    public static Limits result(int outputs) {
        return Limits.ANSWERS.plus(outputs, outputs * OUTPUT_BYTES);
    }

    /// The NAR that comes next.
    ///
    /// @throws IOException as [NarCopy#copy(WireReader, OutputStream)] does
    public static NarSummary nar(WireReader in, Verify verify, OutputStream sink) throws IOException {
        return switch (verify) {
            case Verify.Here _ -> NarCopy.copy(in, sink);
            case Verify.ByReceiver(var expected) -> new NarSummary(expected.narHash(), NarCopy.pass(in, sink));
        };
    }

    /// Infos as they come, which together may take more than there is room for, though no machine is to blame for
    /// that. Those that are too much are read and not kept. Confined to one thread.
    public static final class Infos {
        private final Map<StorePath, PathInfo> kept = new HashMap<>();
        private final int asked;
        private final long most;
        private long bytes;
        private int count;

        /// @param asked how many paths were asked for
        public Infos(int asked) {
            this(asked, Limits.INFO.messageBytes() + asked * INFO_BYTES);
        }

        Infos(int asked, long most) {
            this.asked = asked;
            this.most = most;
        }

        /// @param size as [WireReader#messageBytes] counts it
        /// @return whether it is one too many: one of the same path came before
        public boolean add(PathInfo info, long size) {
            bytes += size;
            if (bytes > most) kept.clear();
            return kept.put(info.path(), info) != null || ++count > asked;
        }

        /// All of them, when they have come.
        ///
        /// @throws StoreRefusedException if they were too much
        public Map<StorePath, PathInfo> all() throws StoreRefusedException {
            if (bytes <= most) return kept;
            throw new StoreRefusedException(
                    "what there is to know of %d paths takes %d bytes, and the dispatcher takes no more than %d at once"
                            .formatted(asked, bytes, most));
        }
    }

    /// @return `answered`
    /// @throws ProtocolException if that has other paths than those `asked` for
    public static SortedSet<StorePath> among(Collection<StorePath> asked, SortedSet<StorePath> answered, String peer)
            throws ProtocolException {
        for (var path : answered) requireAmong(asked, path, peer);
        return answered;
    }

    /// @throws ProtocolException if `path` is none of those `asked` for
    public static void requireAmong(Collection<StorePath> asked, StorePath path, String peer) throws ProtocolException {
        if (!asked.contains(path))
            throw new FalseAnswerException("%s answers about %s, which it was not asked for".formatted(peer, path));
    }

    /// @throws ProtocolException if there is one more info than was asked for
    public static void requireEnd(Optional<PathInfo> more, String peer) throws ProtocolException {
        if (more.isPresent())
            throw new FalseAnswerException("%s answers about more than it was asked for: %s"
                    .formatted(peer, more.get().path()));
    }
}
