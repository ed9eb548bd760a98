package dispatcher.dispatch;

import dispatcher.nix.nar.ContentDigest;
import java.io.IOException;
import java.io.OutputStream;

/// Lets a digest see what goes through.
final class Digesting extends OutputStream {
    private final OutputStream to;
    private final ContentDigest digest;

    Digesting(OutputStream to, ContentDigest digest) {
        this.to = to;
        this.digest = digest;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        digest.update(bytes, offset, length);
        to.write(bytes, offset, length);
    }
}
