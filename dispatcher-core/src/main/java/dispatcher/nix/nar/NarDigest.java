package dispatcher.nix.nar;

import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NarHash;
import java.security.MessageDigest;

/// Checks a NAR that arrives in pieces, and hashes it on the way. Confined to one thread.
public final class NarDigest {
    private final NarParser parser;
    private final MessageDigest sha256 = HashAlgorithm.SHA256.newDigest();

    public NarDigest() {
        this(new NarParser());
    }

    public NarDigest(NarVisitor visitor) {
        this(new NarParser(visitor));
    }

    private NarDigest(NarParser parser) {
        this.parser = parser;
    }

    /// As [NarParser#accept].
    public int accept(byte[] bytes, int offset, int length) {
        int taken = parser.accept(bytes, offset, length);
        sha256.update(bytes, offset, taken);
        return taken;
    }

    public boolean isComplete() {
        return parser.isComplete();
    }

    /// Bytes of the archive up to here.
    public long size() {
        return parser.position();
    }

    /// To be asked once.
    ///
    /// @throws IllegalStateException unless the archive is complete
    public NarHash hash() {
        if (!isComplete()) throw new IllegalStateException("the NAR is not complete");
        return NarHash.of(sha256.digest());
    }
}
