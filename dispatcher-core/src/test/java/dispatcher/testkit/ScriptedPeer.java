package dispatcher.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.wire.WireWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;

/// The other side of a conversation, played from a script: says these bytes, and insists on hearing those. It
/// speaks no protocol by itself, so that what a test has written down is what goes over the wire.
///
/// Blocks as the other side would; to be used on a thread of its own, or with pipes that hold the whole script.
public final class ScriptedPeer {
    private final InputStream in;
    private final OutputStream out;
    private long heard;

    public ScriptedPeer(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    /// Composes bytes from the primitive values of the protocols.
    public interface Script {
        void write(WireWriter out) throws IOException;
    }

    public static byte[] bytes(Script script) {
        var bytes = new ByteArrayOutputStream();
        try {
            var writer = new WireWriter(bytes);
            script.write(writer);
            writer.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    public ScriptedPeer send(byte[] bytes) throws IOException {
        out.write(bytes, 0, bytes.length);
        out.flush();
        return this;
    }

    public ScriptedPeer send(Script script) throws IOException {
        return send(bytes(script));
    }

    /// Fails unless exactly these bytes come next.
    public ScriptedPeer expect(byte[] bytes) throws IOException {
        var got = in.readNBytes(bytes.length);
        assertThat(show(got)).as("bytes from %d on", heard).isEqualTo(show(bytes));
        heard += got.length;
        return this;
    }

    public ScriptedPeer expect(Script script) throws IOException {
        return expect(bytes(script));
    }

    /// Fails unless the other side says no more.
    public ScriptedPeer expectEnd() throws IOException {
        assertThat(show(in.readAllBytes())).as("bytes from %d on", heard).isEmpty();
        return this;
    }

    /// Says no more.
    public void hangUp() throws IOException {
        out.close();
    }

    /// Eight bytes a line, in hexadecimal and as text, so that a difference is seen where it is.
    public static String show(byte[] bytes) {
        var lines = new StringBuilder();
        for (int i = 0; i < bytes.length; i += Long.BYTES) {
            int end = Math.min(i + Long.BYTES, bytes.length);
            lines.append(HexFormat.of().formatHex(bytes, i, end))
                    .append("  ")
                    .append(new String(bytes, i, end - i, ISO_8859_1).replaceAll("[^ -~]", "."))
                    .append('\n');
        }
        return lines.toString();
    }
}
