package dispatcher.store.verify;

import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.PathInfo;
import dispatcher.nix.nar.ContentDigest;
import dispatcher.nix.nar.NarSyntaxException;
import dispatcher.wire.FalseAnswerException;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/// Passes a NAR on, and finds out whether what it holds has the content address of its path, whatever the method and
/// the algorithm. For one NAR; confined to one thread.
public final class AddressedNar extends OutputStream {
    private final OutputStream to;
    private final PathInfo info;
    private final Optional<ContentDigest> digest;

    private AddressedNar(PathInfo info, Optional<ContentDigest> digest, OutputStream to) {
        this.to = to;
        this.info = info;
        this.digest = digest;
    }

    /// Whether the path has a content address that can be compared with its content here.
    public static boolean isCheckable(PathInfo info) {
        return digest(info).isPresent();
    }

    /// For a NAR whose hash is compared with that of its path's info as well: there is nothing more to see where the
    /// content address is that hash, or where there is none.
    public static AddressedNar of(PathInfo info, OutputStream to) {
        boolean isNarHash = isOfNar(info.contentAddress()) && !info.references().contains(info.path());
        return new AddressedNar(info, isNarHash ? Optional.empty() : digest(info), to);
    }

    /// Whether it is the hash of the NAR, unless the path occurs in that.
    static boolean isOfNar(Optional<ContentAddress> address) {
        return address.filter(
                        known -> known.method() == Method.NAR && known.hash().algorithm() == HashAlgorithm.SHA256)
                .isPresent();
    }

    private static Optional<ContentDigest> digest(PathInfo info) {
        return info.contentAddress()
                .flatMap(address ->
                        ContentDigest.of(address, info.path(), info.references().contains(info.path())));
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            if (digest.isPresent()) digest.get().update(bytes, offset, length);
        } catch (NarSyntaxException e) {
            throw new ProtocolException("what was received is %s".formatted(e.getMessage()), e);
        }
        to.write(bytes, offset, length);
    }

    /// Whether it has, once the NAR is over, in the way of one version of Nix or another. To be asked once.
    boolean isRight() {
        if (digest.isEmpty()) return true;
        var expected = info.contentAddress().map(ContentAddress::hash);
        return digest.get().finishWithoutPositions().equals(expected)
                || digest.get().finish().equals(expected);
    }

    /// Whether it has only in the way of Nix 2.17 to 2.34, in which objects with zeroes where another refers to
    /// itself have the same address as that. To be asked once, instead.
    public boolean isRightAmongOthers() {
        if (digest.isEmpty()) return false;
        var expected = info.contentAddress().map(ContentAddress::hash);
        return digest.get().finishWithoutPositions().equals(expected)
                && !digest.get().finish().equals(expected);
    }

    /// To be asked once, when the NAR is over.
    ///
    /// @param summary what it turned out to be
    /// @param from    the sender's name, for the message
    /// @throws FalseAnswerException unless it is what its path's info says, with what to do in case that a disk
    ///     is to blame
    public void requireRight(NarSummary summary, String from) throws FalseAnswerException {
        try {
            summary.requireSameAs(info, from);
            requireAddress(from);
        } catch (FalseAnswerException e) {
            throw damaged(String.valueOf(e.getMessage()));
        }
    }

    /// What a NAR is and should not be, with what to do in case that a disk is to blame.
    static FalseAnswerException damaged(String what) {
        return new FalseAnswerException(
                "%s; the path may be damaged there, which `nix-store --verify --check-contents --repair` finds and mends"
                        .formatted(what));
    }

    private void requireAddress(String from) throws FalseAnswerException {
        if (!isRight())
            throw new FalseAnswerException("the content of %s from %s does not have the address %s"
                    .formatted(
                            info.path(),
                            from,
                            info.contentAddress().map(ContentAddress::toString).orElse("")));
    }
}
