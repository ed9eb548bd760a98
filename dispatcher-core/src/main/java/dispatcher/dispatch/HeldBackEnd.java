package dispatcher.dispatch;

import java.io.IOException;
import java.io.OutputStream;

/// Passes a NAR on but for its last bytes, until somebody has found that it is the right one: a receiver without them
/// has no whole NAR, and cannot take a wrong one for right. Also tells whether it was the receiver that failed.
final class HeldBackEnd extends OutputStream {
    /// A NAR ends with a closing bracket, which takes so many bytes.
    private static final int HELD = 8;

    private final OutputStream out;
    private final byte[] held = new byte[HELD];
    private int count;
    private boolean failed;

    HeldBackEnd(OutputStream out) {
        this.out = out;
    }

    /// Whether the receiver took no more, rather than that the sender had no more.
    boolean hasFailed() {
        return failed;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int passed = Math.max(0, count + length - HELD);
        int fromHeld = Math.min(count, passed);
        int fromBytes = passed - fromHeld;
        pass(held, 0, fromHeld);
        pass(bytes, offset, fromBytes);
        System.arraycopy(held, fromHeld, held, 0, count - fromHeld);
        count -= fromHeld;
        System.arraycopy(bytes, offset + fromBytes, held, count, length - fromBytes);
        count += length - fromBytes;
    }

    /// Passes on what was held back.
    void finish() throws IOException {
        pass(held, 0, count);
        count = 0;
    }

    private void pass(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) return;
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            failed = true;
            throw e;
        }
    }
}
