package dispatcher.nix;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// An immutable run of bytes: what Nix calls a string. Nix gives strings no encoding, so what must come out
/// exactly as it went in (environment values, arguments, log lines) is kept as bytes and only decoded to be
/// shown.
///
/// Ordered by unsigned bytes, which is the order of every sorted set and map on the wire and in `.drv` files.
public final class ByteString implements Comparable<ByteString> {
    public static final ByteString EMPTY = new ByteString(new byte[0]);

    private final byte[] bytes;

    private ByteString(byte[] bytes) {
        this.bytes = bytes;
    }

    /// The bytes of `text` in UTF-8.
    public static ByteString of(String text) {
        return text.isEmpty() ? EMPTY : new ByteString(text.getBytes(StandardCharsets.UTF_8));
    }

    public static ByteString copyOf(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new ByteString(bytes.clone());
    }

    public static ByteString copyOf(byte[] bytes, int from, int to) {
        return from == to ? EMPTY : new ByteString(Arrays.copyOfRange(bytes, from, to));
    }

    /// Takes over `bytes` without a copy; the caller must never touch the array again.
    public static ByteString wrap(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new ByteString(bytes);
    }

    public int length() {
        return bytes.length;
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    public byte at(int index) {
        return bytes[index];
    }

    public byte[] toByteArray() {
        return bytes.clone();
    }

    /// These bytes and then those of `more`.
    public ByteString plus(ByteString more) {
        var joined = Arrays.copyOf(bytes, bytes.length + more.bytes.length);
        System.arraycopy(more.bytes, 0, joined, bytes.length, more.bytes.length);
        return wrap(joined);
    }

    /// The last `most` bytes, or all if there are no more.
    public ByteString last(int most) {
        return bytes.length <= most ? this : copyOf(bytes, bytes.length - most, bytes.length);
    }

    public byte[] toByteArray(int from, int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }

    /// Decoded for people; bytes that are not UTF-8 become U+FFFD.
    public String utf8() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /// Writes all bytes into `target` from `offset` on.
    public void copyTo(byte[] target, int offset) {
        System.arraycopy(bytes, 0, target, offset, bytes.length);
    }

    /// Reads the bytes without a copy.
    public InputStream asInputStream() {
        return new ByteArrayInputStream(bytes);
    }

    /// Hands the bytes to a stream without a copy.
    public void writeTo(java.io.OutputStream out) throws java.io.IOException {
        out.write(bytes, 0, bytes.length);
    }

    public boolean startsWith(ByteString prefix) {
        return bytes.length >= prefix.bytes.length
                && Arrays.equals(bytes, 0, prefix.bytes.length, prefix.bytes, 0, prefix.bytes.length);
    }

    @Override
    public int compareTo(ByteString other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ByteString that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return utf8();
    }
}
