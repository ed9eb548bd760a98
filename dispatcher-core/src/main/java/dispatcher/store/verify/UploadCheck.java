package dispatcher.store.verify;

import dispatcher.nix.ContentAddress;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.key.NixSignature;
import dispatcher.store.NarToAdd;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.spool.SpoolLimits;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Checks what any client says of a path before any of it is kept: nothing is kept without a
/// bound, and nothing that every machine would refuse. A content address is kept only if the path follows from it
/// and the content has it.
///
/// Values only; safe for any thread.
public final class UploadCheck {
    /// Of the name of a key; the rest of a signature has a fixed length.
    private static final int LONGEST_KEY_NAME = 128;

    private UploadCheck() {}

    /// The path with what may be kept of its info. Signatures that cannot be verified, and those beyond
    /// [SpoolLimits#MOST_SIGNATURES], are left out.
    ///
    /// @return with a source that refuses a NAR which does not have the content address that it comes with
    /// @throws StoreRefusedException if the info cannot be right, or is too large
    public static NarToAdd check(NarToAdd path, StoreDir storeDir) throws StoreRefusedException {
        var info = path.info();
        if (info.references().size() > SpoolLimits.MOST_REFERENCES)
            throw new StoreRefusedException("cannot add path '%s': it refers to %d paths, and at most %d are taken"
                    .formatted(storeDir.print(info.path()), info.references().size(), SpoolLimits.MOST_REFERENCES));
        var kept = info.withSignatures(readable(info.signatures()));
        var address = info.contentAddress();
        if (address.isEmpty()) return new NarToAdd(kept, path.nar());
        requireAddressed(info, address.get(), storeDir);
        if (isNarHash(info, address.get())
                && !address.get().hash().bytes().equals(info.narHash().bytes()))
            throw wrongContent(info, address.get(), storeDir);
        return new NarToAdd(kept, sink -> {
            var nar = AddressedNar.of(info, sink);
            var summary = path.nar().writeTo(nar);
            if (!nar.isRight()) throw wrongContent(info, address.get(), storeDir);
            return summary;
        });
    }

    /// Then the content has the address if it has the NAR hash, which is checked anyway.
    private static boolean isNarHash(PathInfo info, ContentAddress address) {
        return AddressedNar.isOfNar(Optional.of(address)) && !info.references().contains(info.path());
    }

    private static void requireAddressed(PathInfo info, ContentAddress address, StoreDir storeDir)
            throws StoreRefusedException {
        if (!info.isContentAddressed(storeDir))
            throw new StoreRefusedException(
                    "cannot add path '%s': it is said to have the content address %s, from which another path follows, and every machine would refuse it; the store that it comes from is damaged, or its client is wrong"
                            .formatted(storeDir.print(info.path()), address));
    }

    private static StoreRefusedException wrongContent(PathInfo info, ContentAddress address, StoreDir storeDir) {
        return new StoreRefusedException("the content of '%s' does not have the address %s that it comes with"
                .formatted(storeDir.print(info.path()), address));
    }

    /// Signatures that can be verified, as far as they are kept.
    public static SortedSet<String> readable(SortedSet<String> signatures) {
        if (signatures.isEmpty()) return signatures;
        var readable = new TreeSet<String>();
        for (var signature : signatures)
            if (readable.size() < SpoolLimits.MOST_SIGNATURES && isReadable(signature)) readable.add(signature);
        return readable;
    }

    private static boolean isReadable(String signature) {
        int colon = signature.indexOf(':');
        if (colon < 0 || colon > LONGEST_KEY_NAME) return false;
        try {
            NixSignature.parse(signature);
            return true;
        } catch (NixSyntaxException e) {
            return false;
        }
    }
}
