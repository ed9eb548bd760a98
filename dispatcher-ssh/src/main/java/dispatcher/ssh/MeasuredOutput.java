package dispatcher.ssh;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// Tells a [WriteWatch] of each write.
public final class MeasuredOutput extends FilterOutputStream {
    private final WriteWatch watch;

    public MeasuredOutput(OutputStream out, WriteWatch watch) {
        super(out);
        this.watch = watch;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        watch.begins(length);
        try {
            out.write(bytes, offset, length);
        } finally {
            watch.ends();
        }
    }

    /// Not as the superclass does it, which flushes first and forgets failures of that.
    @Override
    public void close() throws IOException {
        out.close();
    }
}
