package dispatcher.store.verify;

import dispatcher.nix.PathInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32C;

/// Passes a NAR on but for its last bytes, until it has been found to be the right one: a receiver without them has
/// no whole NAR, and cannot take a wrong one for right. A NAR that is larger than it should be ends there and then, as
/// a false answer.
/// Also knows whether it was the receiver that failed. A NAR that broke off can be begun again: the part that the
/// receiver has is compared and not passed on a second time.
public final class HeldBackEnd extends OutputStream {
    /// Size of the closing bracket that a NAR ends with, in bytes.
    private static final int HELD = 8;

    private final OutputStream out;
    private final PathInfo info;
    private final long most;
    private long taken;
    private final byte[] held = new byte[HELD];
    private final CRC32C passedSum = new CRC32C();
    private final CRC32C skippedSum = new CRC32C();
    private int count;
    private boolean failed;
    private long passed;
    private long toSkip;

    /// @param info of the path; a size of 0 there means that it is not known
    public HeldBackEnd(OutputStream out, PathInfo info) {
        this.out = out;
        this.info = info;
        this.most = info.narSize() == 0 ? Long.MAX_VALUE : info.narSize();
    }

    /// Whether the receiver took no more, rather than that the sender had no more.
    public boolean hasFailed() {
        return failed;
    }

    /// From now on the same NAR comes once more from its beginning. Writing fails if it is not the same.
    public void startAgain() {
        count = 0;
        taken = 0;
        toSkip = passed;
        skippedSum.reset();
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        taken += length;
        if (taken > most)
            throw AddressedNar.damaged(
                    "the NAR of %s has more than the %d bytes that its path info says".formatted(info.path(), most));
        int skipped = skip(bytes, offset, length);
        hold(bytes, offset + skipped, length - skipped);
    }

    private int skip(byte[] bytes, int offset, int length) throws IOException {
        if (toSkip == 0) return 0;
        int skipped = (int) Math.min(toSkip, length);
        skippedSum.update(bytes, offset, skipped);
        toSkip -= skipped;
        if (toSkip == 0 && skippedSum.getValue() != passedSum.getValue())
            throw new IOException(
                    "it came out otherwise this time, and the client has %d bytes already".formatted(passed));
        return skipped;
    }

    private void hold(byte[] bytes, int offset, int length) throws IOException {
        int passing = Math.max(0, count + length - HELD);
        int fromHeld = Math.min(count, passing);
        int fromBytes = passing - fromHeld;
        pass(held, 0, fromHeld);
        pass(bytes, offset, fromBytes);
        System.arraycopy(held, fromHeld, held, 0, count - fromHeld);
        count -= fromHeld;
        System.arraycopy(bytes, offset + fromBytes, held, count, length - fromBytes);
        count += length - fromBytes;
    }

    /// Passes on what was held back.
    public void finish() throws IOException {
        pass(held, 0, count);
        count = 0;
    }

    private void pass(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) return;
        try {
            out.write(bytes, offset, length);
            passedSum.update(bytes, offset, length);
            passed += length;
        } catch (IOException e) {
            failed = true;
            throw e;
        }
    }
}
