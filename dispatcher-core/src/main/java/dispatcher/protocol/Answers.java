package dispatcher.protocol;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.wire.ProtocolException;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedSet;

/// Holds answers of a store against what it was asked.
public final class Answers {
    private Answers() {}

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
            throw new ProtocolException("%s tells of %s, which it was not asked for".formatted(peer, path));
    }

    /// @throws ProtocolException if there is one more info than was asked for
    public static void requireEnd(Optional<PathInfo> more, String peer) throws ProtocolException {
        if (more.isPresent())
            throw new ProtocolException("%s tells of more than it was asked for: %s"
                    .formatted(peer, more.get().path()));
    }
}
