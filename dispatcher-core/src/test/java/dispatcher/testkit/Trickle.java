package dispatcher.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.util.random.RandomGenerator;

/// A stream that hands out its bytes in pieces of random size, as networks do.
public final class Trickle extends InputStream {
    private final InputStream in;
    private final RandomGenerator random;
    private final int largest;

    public Trickle(InputStream in, RandomGenerator random, int largest) {
        this.in = in;
        this.random = random;
        this.largest = largest;
    }

    @Override
    public int read() throws IOException {
        return in.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        return in.read(target, offset, length == 0 ? 0 : random.nextInt(1, Math.min(length, largest) + 1));
    }
}
