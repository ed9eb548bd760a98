package dispatcher.wire;

import dispatcher.nix.ByteString;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;

/// Reads the primitive values of both Nix protocols from a blocking stream.
///
/// Shapes: an integer is 8 bytes, unsigned, little endian; a string is its length, its bytes, and zero bytes up
/// to a multiple of 8; a list is its length and its elements.
///
/// Buffers what it reads, so all reading of the stream goes through one reader; never waits for more than the
/// value needs. Confined to one thread; each method blocks until the whole value has arrived. EOF inside a
/// value is an [EOFException], anything not allowed a [ProtocolException]. Source: Nix 2.34,
/// `src/libutil/serialise.cc`.
public final class WireReader {
    private static final int BUFFER = 64 * 1024;
    private static final int GROWTH = 64 * 1024;
    private static final int IDLE_BUFFER = 1024;
    private static final int GROWTH_OF_BUFFER = 8;
    /// Memory for a string, or what is made of it, beside its bytes.
    private static final long OBJECTS = 128;

    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

    /// Of a string that is not kept whole. More than the memory of a Nix that had to hold it.
    private static final long LONGEST = 1L << 36;

    private final InputStream in;
    private final Limits usual;
    private final Intake intake;
    private final int largestBuffer;

    /// Small while nothing comes, since most connections are idle most of the time; grows with what comes.
    private byte[] buffer;

    private int position;
    private int end;
    private long messageBytes;
    /// Of the message that is read now.
    private Limits limits;

    public WireReader(InputStream in) {
        this(in, Limits.DEFAULT);
    }

    public WireReader(InputStream in, Limits limits) {
        this(in, limits, BUFFER);
    }

    /// @param bufferBytes how much is read ahead at most; small for streams that live inside another, already buffered
    /// one
    public WireReader(InputStream in, Limits limits, int bufferBytes) {
        this(in, limits, bufferBytes, Intake.OPEN);
    }

    /// @param intake counts what messages take
    public WireReader(InputStream in, Limits limits, Intake intake) {
        this(in, limits, BUFFER, intake);
    }

    private WireReader(InputStream in, Limits limits, int bufferBytes, Intake intake) {
        this.in = in;
        this.usual = limits;
        this.limits = limits;
        this.intake = intake;
        this.largestBuffer = bufferBytes;
        this.buffer = new byte[Math.min(IDLE_BUFFER, bufferBytes)];
    }

    /// A reader of a stream that lives inside this one, with the same limits; what it reads takes memory as what
    /// this one reads does.
    public WireReader inside(InputStream stream) {
        return new WireReader(stream, limits, BUFFER, intake);
    }

    /// Begins a new request or reply: what came before no longer counts towards [Limits#messageBytes].
    public void beginMessage() {
        beginMessage(usual);
    }

    /// The same for a message that has limits of its own.
    public void beginMessage(Limits ofMessage) {
        messageBytes = 0;
        limits = ofMessage;
        intake.begins();
    }

    /// The message's bytes up to here, as [Limits#messageBytes] counts them.
    public long messageBytes() {
        return messageBytes;
    }

    /// The account of the memory that messages take.
    public Intake intake() {
        return intake;
    }

    /// Whether bytes are there that a read would return without waiting for the stream.
    public boolean hasBuffered() {
        return position < end;
    }

    /// Waits for the next byte without taking it.
    ///
    /// @return false at the end of the stream
    public boolean awaitInput() throws IOException {
        if (position < end) return true;
        if (buffer.length > IDLE_BUFFER) buffer = new byte[IDLE_BUFFER];
        position = 0;
        end = 0;
        return fill() >= 0;
    }

    public long readLong() throws IOException {
        require(8);
        long value = 0;
        for (int i = 7; i >= 0; i--) value = (value << 8) | (buffer[position + i] & 0xff);
        position += 8;
        return value;
    }

    /// An integer, or nothing at a clean end of the stream.
    public OptionalLong readLongOrEnd() throws IOException {
        if (position == end && fill() < 0) return OptionalLong.empty();
        return OptionalLong.of(readLong());
    }

    /// An integer that must fit 31 bits.
    public int readInt(String what) throws IOException {
        long value = readLong();
        if (value < 0 || value > Integer.MAX_VALUE)
            throw new ProtocolException("%s is %s, more than fits".formatted(what, Long.toUnsignedString(value)));
        return (int) value;
    }

    /// An integer that must fit 63 bits: a size or a time.
    public long readSize(String what) throws IOException {
        long value = readLong();
        if (value < 0)
            throw new ProtocolException("%s is %s, more than fits".formatted(what, Long.toUnsignedString(value)));
        return value;
    }

    /// Any integer but 0 is true.
    public boolean readBool() throws IOException {
        return readLong() != 0;
    }

    public ByteString readByteString(String what) throws IOException {
        return readByteString(what, limits.stringBytes());
    }

    public ByteString readByteString(String what, long limit) throws IOException {
        return ByteString.wrap(readBytes(what, limit));
    }

    /// A string of any length, of which no more than `most` bytes are kept. Of a longer one come the beginning, a
    /// line that says how much is left out, and the end. For what people read, and what a build may make as long
    /// as it likes.
    public ByteString readClipped(String what, int most) throws IOException {
        long length = readLengthOfAny(what);
        if (length <= most) return ByteString.wrap(readContent(what, length));
        int half = most / 2;
        countBytes(what, 2L * half);
        var head = new byte[half];
        var tail = new byte[half];
        readFully(head, 0, half);
        copyBytes(length - 2L * half, OutputStream.nullOutputStream());
        readFully(tail, 0, half);
        skipPadding(what, length);
        return Clipping.join(head, tail, length);
    }

    /// The same as text.
    public String readClippedText(String what, int most) throws IOException {
        return readClipped(what, most).utf8();
    }

    /// A string of any length, which comes in pieces of at most `most` bytes as soon as they have arrived.
    ///
    /// @param pieces is given all pieces but the last
    /// @return the last piece, or the whole if that is no longer than one
    public ByteString readPieces(String what, int most, PieceConsumer pieces) throws IOException {
        long left = readLengthOfAny(what);
        long length = left;
        while (left > most) {
            var piece = readGrowing(most);
            left -= most;
            pieces.accept(ByteString.wrap(piece), length);
        }
        countBytes(what, left);
        var last = readGrowing((int) left);
        skipPadding(what, length);
        return ByteString.wrap(last);
    }

    /// A string that people read, in UTF-8; other bytes become U+FFFD.
    public String readText(String what) throws IOException {
        return readText(what, limits.stringBytes());
    }

    public String readText(String what, long limit) throws IOException {
        return new String(readBytes(what, limit), StandardCharsets.UTF_8);
    }

    /// A string that only ever has ASCII in it: a path, a name, a hash. Other bytes are refused.
    public String readName(String what) throws IOException {
        var bytes = readBytes(what, limits.stringBytes());
        for (byte b : bytes) if (b < 0) throw new ProtocolException("%s has bytes beyond ASCII".formatted(what));
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private byte[] readBytes(String what, long limit) throws IOException {
        long length = readLong();
        long most = Math.min(limit, LARGEST_ARRAY);
        if (length < 0 || length > most)
            throw new TooLargeException(
                    "%s of %s bytes is over the limit of %d".formatted(what, Long.toUnsignedString(length), most));
        return readContent(what, length);
    }

    /// The length of a string that may be longer than any limit. Beyond [#LONGEST] it is no length, but a peer
    /// that has lost its place.
    private long readLengthOfAny(String what) throws IOException {
        long length = readLong();
        if (length < 0 || length > LONGEST)
            throw new ProtocolException(
                    "%s of %s bytes is over the limit of %d".formatted(what, Long.toUnsignedString(length), LONGEST));
        return length;
    }

    private void countBytes(String what, long length) throws ProtocolException {
        messageBytes += length + Limits.STRING_BYTES;
        if (messageBytes > limits.messageBytes())
            throw new TooLargeException(
                    "%s makes the message larger than the limit of %d bytes".formatted(what, limits.messageBytes()));
    }

    private byte[] readContent(String what, long length) throws IOException {
        countBytes(what, length);
        var bytes = readGrowing((int) length);
        skipPadding(what, length);
        return bytes;
    }

    private byte[] readGrowing(int size) throws IOException {
        intake.takes(OBJECTS + Math.min(size, GROWTH));
        var bytes = new byte[Math.min(size, GROWTH)];
        int got = 0;
        while (got < size) {
            if (got == bytes.length) {
                int larger = (int) Math.min(size, bytes.length * 2L);
                intake.takes(larger - bytes.length);
                bytes = java.util.Arrays.copyOf(bytes, larger);
            }
            readFully(bytes, got, bytes.length - got);
            got = bytes.length;
        }
        return bytes;
    }

    /// The zero bytes that fill up what has `length` bytes to a multiple of 8.
    public void skipPadding(String what, long length) throws IOException {
        int padding = (int) (-length & 7);
        if (padding == 0) return;
        require(padding);
        for (int i = 0; i < padding; i++)
            if (buffer[position + i] != 0) throw new ProtocolException("padding after %s is not zero".formatted(what));
        position += padding;
    }

    /// The length of a list, set or map. Nothing may be allocated for it before its elements arrive.
    public int readCount(String what) throws IOException {
        long count = readLong();
        long most = Math.min(limits.elements(), Integer.MAX_VALUE);
        if (count < 0 || count > most)
            throw new TooLargeException(
                    "%s of %s elements is over the limit of %d".formatted(what, Long.toUnsignedString(count), most));
        return (int) count;
    }

    /// Reads one element of a list.
    public interface ElementReader<T> {
        T read() throws IOException;
    }

    public <T> List<T> readList(String what, ElementReader<T> element) throws IOException {
        int count = readCount(what);
        var list = new ArrayList<T>(Math.min(count, 1024));
        for (int i = 0; i < count; i++) list.add(element.read());
        return list;
    }

    public SortedSet<String> readNames(String what) throws IOException {
        return new TreeSet<>(readList(what, () -> readName(what)));
    }

    public SortedSet<String> readTexts(String what) throws IOException {
        return new TreeSet<>(readList(what, () -> readText(what)));
    }

    /// A full store path.
    public StorePath readStorePath(StoreDir storeDir, String what) throws IOException {
        return parse(what, readName(what), storeDir::parse);
    }

    /// A full store path, or the empty string for none.
    public Optional<StorePath> readOptionalStorePath(StoreDir storeDir, String what) throws IOException {
        var text = readName(what);
        return text.isEmpty() ? Optional.empty() : Optional.of(parse(what, text, storeDir::parse));
    }

    public SortedSet<StorePath> readStorePaths(StoreDir storeDir, String what) throws IOException {
        return new TreeSet<>(readList(what, () -> readStorePath(storeDir, what)));
    }

    /// Turns text that a peer sent into a value; a text that is none is the peer's fault.
    public static <T> T parse(String what, String text, java.util.function.Function<String, T> parser)
            throws ProtocolException {
        try {
            return parser.apply(text);
        } catch (NixSyntaxException e) {
            throw new ProtocolException("%s: %s".formatted(what, e.getMessage()), e);
        }
    }

    /// Copies exactly `length` bytes to `sink`, without padding.
    public void copyBytes(long length, OutputStream sink) throws IOException {
        long left = length;
        while (left > 0) {
            if (position == end && fill() < 0) throw truncated();
            int chunk = (int) Math.min(left, end - position);
            sink.write(buffer, position, chunk);
            position += chunk;
            left -= chunk;
        }
    }

    /// Takes a string that comes in pieces.
    public interface PieceConsumer {
        /// @param length of the whole string
        void accept(ByteString piece, long length);
    }

    /// Takes raw bytes where they lie, without a copy.
    public interface ChunkConsumer {
        /// Looks at the bytes that have arrived, at least one. The array is the reader's: not to be kept or changed.
        ///
        /// @return how many of them it took, counted from the first; the rest stays to be read
        int accept(byte[] bytes, int offset, int length) throws IOException;
    }

    /// Hands the bytes that have arrived to `consumer`, once; waits only if there are none.
    ///
    /// @return how many it took; -1 at the end of the stream, without a call
    public int consume(ChunkConsumer consumer) throws IOException {
        if (position == end && fill() < 0) return -1;
        int taken = consumer.accept(buffer, position, end - position);
        position += Objects.checkIndex(taken, end - position + 1);
        return taken;
    }

    /// Up to `length` raw bytes, at least one; -1 at the end of the stream.
    public int readSome(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        if (position == end) {
            if (length >= buffer.length) return in.read(target, offset, length);
            if (fill() < 0) return -1;
        }
        int chunk = Math.min(length, end - position);
        System.arraycopy(buffer, position, target, offset, chunk);
        position += chunk;
        return chunk;
    }

    /// Exactly `length` raw bytes.
    public void readFully(byte[] target, int offset, int length) throws IOException {
        int got = 0;
        while (got < length) {
            int n = readSome(target, offset + got, length - got);
            if (n < 0) throw truncated();
            got += n;
        }
    }

    /// Takes what is buffered, at most `limit` bytes, as text to be shown.
    public String drainBuffered(int limit) {
        int length = Math.min(limit, end - position);
        var text = new String(buffer, position, length, StandardCharsets.UTF_8);
        position += length;
        return text;
    }

    private void require(int bytes) throws IOException {
        if (end - position >= bytes) return;
        if (buffer.length - position < bytes) {
            System.arraycopy(buffer, position, buffer, 0, end - position);
            end -= position;
            position = 0;
        }
        while (end - position < bytes) {
            int n = in.read(buffer, end, buffer.length - end);
            if (n < 0) throw truncated();
            end += n;
        }
    }

    private int fill() throws IOException {
        if (end == buffer.length && end < largestBuffer)
            buffer = new byte[(int) Math.min((long) buffer.length * GROWTH_OF_BUFFER, largestBuffer)];
        position = 0;
        end = 0;
        int n = in.read(buffer, 0, buffer.length);
        if (n > 0) end = n;
        return n;
    }

    private static EOFException truncated() {
        return new EOFException("the peer closed the connection in the middle of a message");
    }
}
