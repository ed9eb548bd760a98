package dispatcher.wire;

import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;

/// What a NAR turned out to be when its last byte had passed.
///
/// @param size in bytes
public record NarSummary(NarHash hash, long size) {
    /// @param from the sender's name, for the message
    /// @throws FalseAnswerException unless this is what `info` says; a size of 0 there means that it is not known
    public void requireSameAs(PathInfo info, String from) throws FalseAnswerException {
        if (info.narSize() != 0 && size != info.narSize())
            throw new FalseAnswerException("the NAR of %s from %s has %d bytes, its path info says %d"
                    .formatted(info.path(), from, size, info.narSize()));
        if (!hash.equals(info.narHash()))
            throw new FalseAnswerException("the NAR of %s from %s has the hash %s, its path info says %s"
                    .formatted(info.path(), from, hash, info.narHash()));
    }
}
