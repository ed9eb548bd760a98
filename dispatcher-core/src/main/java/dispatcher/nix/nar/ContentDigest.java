package dispatcher.nix.nar;

import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.StorePath;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;

/// Hashes what a NAR holds the way a content address says, to see whether it has that address.
///
/// The NAR comes in pieces and must have been found to be one, or be by somebody else. Confined to one thread.
/// Source: Nix 2.34 and 2.36, `src/libstore/local-store.cc` and `src/libstore/references.cc`.
public abstract sealed class ContentDigest {
    private ContentDigest() {}

    /// @param path           of the object
    /// @param selfReferences whether the object refers to itself
    /// @return nothing for what is hashed in a way that is not known here
    public static Optional<ContentDigest> of(ContentAddress address, StorePath path, boolean selfReferences) {
        var algorithm = address.hash().algorithm();
        if (algorithm == HashAlgorithm.BLAKE3) return Optional.empty();
        return switch (address.method()) {
            case NAR -> Optional.of(selfReferences ? new ModuloSelf(algorithm, path) : new Whole(algorithm));
            case FLAT, TEXT -> selfReferences ? Optional.empty() : Optional.of(new OneFile(algorithm));
            case GIT -> Optional.empty();
        };
    }

    /// Takes the next bytes of the NAR.
    ///
    /// @throws NarSyntaxException if they are none of a NAR, as far as that matters here
    public abstract void update(byte[] bytes, int offset, int length);

    /// The hash, once the NAR is over; empty if what it holds can have no such address, or has too many
    /// references to itself. To be asked once.
    public abstract Optional<Hash> finish();

    /// The same as Nix 2.17 to 2.34 has it, which differs for an object that refers to itself: they left out
    /// where it does. To be asked once, before [#finish].
    public Optional<Hash> finishWithoutPositions() {
        return Optional.empty();
    }

    private static Hash hash(HashAlgorithm algorithm, MessageDigest digest) {
        return new Hash(algorithm, ByteString.wrap(digest.digest()));
    }

    private static final class Whole extends ContentDigest {
        private final HashAlgorithm algorithm;
        private final MessageDigest digest;

        Whole(HashAlgorithm algorithm) {
            this.algorithm = algorithm;
            this.digest = algorithm.newDigest();
        }

        @Override
        public void update(byte[] bytes, int offset, int length) {
            digest.update(bytes, offset, length);
        }

        @Override
        public Optional<Hash> finish() {
            return Optional.of(hash(algorithm, digest));
        }
    }

    /// The content of a NAR that is one file, which is not executable.
    private static final class OneFile extends ContentDigest {
        private final HashAlgorithm algorithm;
        private final MessageDigest digest;
        private boolean isFile;
        private final NarParser parser = new NarParser(new NarVisitor() {
            private int depth;

            @Override
            public void directoryStart() {
                depth++;
            }

            @Override
            public void file(boolean executable, long size) {
                isFile = depth == 0 && !executable;
            }

            @Override
            public void contents(byte[] bytes, int offset, int length) {
                if (depth == 0) digest.update(bytes, offset, length);
            }
        });

        OneFile(HashAlgorithm algorithm) {
            this.algorithm = algorithm;
            this.digest = algorithm.newDigest();
        }

        @Override
        public void update(byte[] bytes, int offset, int length) {
            parser.accept(bytes, offset, length);
        }

        @Override
        public Optional<Hash> finish() {
            return isFile ? Optional.of(hash(algorithm, digest)) : Optional.empty();
        }
    }

    /// All of the NAR with zero bytes in place of its own hash part, and then where these were: `|<position>` each.
    private static final class ModuloSelf extends ContentDigest {
        private static final byte[] ZEROES = new byte[StorePath.HASH_DIGITS];
        /// Each is remembered to the end; nothing has as many that was not made for it.
        private static final int MOST_REFERENCES = 1_000_000;

        private final HashAlgorithm algorithm;
        private final MessageDigest digest;
        private final byte[] self;
        private final StringBuilder positions = new StringBuilder();
        /// The last bytes, in which the hash part may have begun.
        private byte[] pending = {};
        private long hashed;
        private int found;

        ModuloSelf(HashAlgorithm algorithm, StorePath path) {
            this.algorithm = algorithm;
            this.digest = algorithm.newDigest();
            this.self = path.hashPart().getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public void update(byte[] bytes, int offset, int length) {
            var window = new byte[pending.length + length];
            System.arraycopy(pending, 0, window, 0, pending.length);
            System.arraycopy(bytes, offset, window, pending.length, length);
            int at = 0;
            while (at <= window.length - self.length) {
                if (window[at] == self[0] && isSelf(window, at)) {
                    blank(window, at);
                    at += self.length;
                } else {
                    at++;
                }
            }
            int kept = Math.min(self.length - 1, window.length);
            digest.update(window, 0, window.length - kept);
            hashed += window.length - kept;
            pending = Arrays.copyOfRange(window, window.length - kept, window.length);
        }

        private void blank(byte[] window, int at) {
            System.arraycopy(ZEROES, 0, window, at, self.length);
            if (++found <= MOST_REFERENCES) positions.append('|').append(hashed + at);
        }

        private boolean isSelf(byte[] window, int at) {
            return Arrays.equals(window, at, at + self.length, self, 0, self.length);
        }

        @Override
        public Optional<Hash> finishWithoutPositions() {
            try {
                var copy = (MessageDigest) digest.clone();
                copy.update(pending);
                return Optional.of(hash(algorithm, copy));
            } catch (CloneNotSupportedException e) {
                throw new IllegalStateException(algorithm + " cannot be hashed in two ways", e);
            }
        }

        @Override
        public Optional<Hash> finish() {
            if (found > MOST_REFERENCES) return Optional.empty();
            digest.update(pending);
            digest.update(positions.toString().getBytes(StandardCharsets.US_ASCII));
            return Optional.of(hash(algorithm, digest));
        }
    }
}
