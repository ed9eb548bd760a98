package dispatcher.ssh;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// An output that reports each write to a [WriteWatch].
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

    /// The superclass would flush first and ignore failures of that.
    @Override
    public void close() throws IOException {
        out.close();
    }
}
