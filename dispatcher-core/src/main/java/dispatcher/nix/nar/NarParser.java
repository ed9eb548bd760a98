package dispatcher.nix.nar;

import dispatcher.nix.ByteString;
import dispatcher.text.Printable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Checks a NAR that arrives in pieces, and finds its end.
///
/// Shape, with `s(x)` for a string of the wire (length, bytes, zero bytes up to a multiple of 8):
/// ```
/// nar  = s("nix-archive-1") node
/// node = s("(") s("type") body s(")")
/// body = s("regular") [ s("executable") s("") ] s("contents") s(bytes)
///      | s("symlink") s("target") s(target)
///      | s("directory") { s("entry") s("(") s("name") s(name) s("node") node s(")") }
/// ```
/// Entries ascend strictly by the unsigned bytes of their names.
///
/// Contents of files are skipped in bulk; memory is at most one name per open directory. Confined to one thread.
/// Source: Nix 2.36, `src/libutil/archive.cc`; where versions differ, the strictest, but for nesting, where older
/// versions make deeper archives than new ones read.
public final class NarParser {
    /// Directories inside each other, the root included.
    public static final int MAX_DEPTH = 1024;
    public static final int MAX_NAME = 255;
    public static final int MAX_TARGET = 4095;
    private static final int MAX_TAG = 32;

    private static final VarHandle LITTLE_ENDIAN_LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final byte[] MAGIC = ascii("nix-archive-1");
    private static final byte[] OPEN = ascii("(");
    private static final byte[] CLOSE = ascii(")");
    private static final byte[] TYPE = ascii("type");
    private static final byte[] REGULAR = ascii("regular");
    private static final byte[] EXECUTABLE = ascii("executable");
    private static final byte[] CONTENTS = ascii("contents");
    private static final byte[] SYMLINK = ascii("symlink");
    private static final byte[] TARGET = ascii("target");
    private static final byte[] DIRECTORY = ascii("directory");
    private static final byte[] ENTRY = ascii("entry");
    private static final byte[] NAME = ascii("name");
    private static final byte[] NODE = ascii("node");
    private static final byte[] EMPTY = {};

    /// Which string comes next.
    private enum Field {
        MAGIC("'nix-archive-1'", MAX_TAG),
        NODE_OPEN("'('", MAX_TAG),
        TYPE("'type'", MAX_TAG),
        KIND("'regular', 'symlink' or 'directory'", MAX_TAG),
        EXECUTABLE_OR_CONTENTS("'executable' or 'contents'", MAX_TAG),
        EXECUTABLE_VALUE("the empty string after 'executable'", MAX_TAG),
        CONTENTS_TAG("'contents'", MAX_TAG),
        CONTENTS("contents shorter than 2^63 bytes", Long.MAX_VALUE),
        TARGET_TAG("'target'", MAX_TAG),
        TARGET("a symlink target of 1 to %d bytes".formatted(MAX_TARGET), MAX_TARGET),
        NODE_CLOSE("')'", MAX_TAG),
        ENTRY_OR_CLOSE("'entry' or ')'", MAX_TAG),
        ENTRY_OPEN("'('", MAX_TAG),
        NAME_TAG("'name'", MAX_TAG),
        NAME("a name of 1 to %d bytes".formatted(MAX_NAME), MAX_NAME),
        NODE_TAG("'node'", MAX_TAG),
        ENTRY_CLOSE("')'", MAX_TAG),
        END("nothing", 0);

        private final String expected;
        private final long limit;

        Field(String expected, long limit) {
            this.expected = expected;
            this.limit = limit;
        }
    }

    /// Which part of the string comes next.
    private enum Part {
        LENGTH,
        BYTES,
        BULK,
        BULK_PADDING
    }

    private final @Nullable NarVisitor visitor;

    private Field field = Field.MAGIC;
    private Part part = Part.LENGTH;
    /// Of the present string.
    private long length;
    /// Of contents, what is still to come; then of their padding.
    private long left;
    /// Bytes before the present call.
    private long taken;
    /// Where the present string begins.
    private long fieldStart;

    /// A length, or a string with its padding, whose beginning came with an earlier call.
    private byte[] partial = new byte[64];
    private int partialLength;

    /// The last name of each open directory.
    private byte[][] names = new byte[8][];
    private int depth;
    private boolean executable;
    private @Nullable NarSyntaxException fault;

    public NarParser() {
        this.visitor = null;
    }

    public NarParser(NarVisitor visitor) {
        this.visitor = visitor;
    }

    /// Takes the next bytes, all of them or up to the end of the archive.
    ///
    /// @return how many bytes belong to the archive; fewer than `length` only when it is now complete
    /// @throws NarSyntaxException if they cannot continue a NAR; the parser is of no use then and throws it again
    public int accept(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (fault != null) throw fault;
        int position = offset;
        int end = offset + length;
        while (position < end && field != Field.END)
            position = switch (part) {
                case LENGTH -> takeLength(bytes, position, end, offset);
                case BYTES -> takeBytes(bytes, position, end);
                case BULK -> takeBulk(bytes, position, end);
                case BULK_PADDING -> takeBulkPadding(bytes, position, end);
            };
        taken += position - offset;
        return position - offset;
    }

    /// Whether the archive's last byte has been taken.
    public boolean isComplete() {
        return field == Field.END;
    }

    /// Bytes of the archive up to here.
    public long position() {
        return taken;
    }

    private int takeLength(byte[] bytes, int position, int end, int offset) {
        if (partialLength == 0) {
            fieldStart = taken + (position - offset);
            if (end - position >= 8) {
                begin((long) LITTLE_ENDIAN_LONG.get(bytes, position));
                return position + 8;
            }
        }
        int next = gather(bytes, position, end, 8);
        if (partialLength == 8) {
            partialLength = 0;
            begin((long) LITTLE_ENDIAN_LONG.get(partial, 0));
        }
        return next;
    }

    private void begin(long newLength) {
        length = newLength;
        if (newLength < 0 || newLength > field.limit)
            throw fail("%s expected, not a string of %s bytes"
                    .formatted(field.expected, Long.toUnsignedString(newLength)));
        if (field == Field.CONTENTS) {
            if (visitor != null) visitor.file(executable, newLength);
            left = newLength;
            part = Part.BULK;
            if (newLength == 0) endContents();
        } else if (newLength == 0) {
            string(EMPTY, 0, 0);
        } else {
            part = Part.BYTES;
        }
    }

    private int takeBytes(byte[] bytes, int position, int end) {
        int size = (int) length;
        int padded = (size + 7) & ~7;
        if (partialLength == 0 && end - position >= padded) {
            requireZero(bytes, position + size, position + padded);
            part = Part.LENGTH;
            string(bytes, position, size);
            return position + padded;
        }
        if (partial.length < padded) partial = Arrays.copyOf(partial, padded);
        int next = gather(bytes, position, end, padded);
        if (partialLength == padded) {
            partialLength = 0;
            requireZero(partial, size, padded);
            part = Part.LENGTH;
            string(partial, 0, size);
        }
        return next;
    }

    private int takeBulk(byte[] bytes, int position, int end) {
        int chunk = (int) Math.min(left, end - position);
        if (visitor != null) visitor.contents(bytes, position, chunk);
        left -= chunk;
        if (left == 0) {
            left = -length & 7;
            if (left == 0) endContents();
            else part = Part.BULK_PADDING;
        }
        return position + chunk;
    }

    private int takeBulkPadding(byte[] bytes, int position, int end) {
        int chunk = (int) Math.min(left, end - position);
        requireZero(bytes, position, position + chunk);
        left -= chunk;
        if (left == 0) endContents();
        return position + chunk;
    }

    private void endContents() {
        if (visitor != null) visitor.fileEnd();
        part = Part.LENGTH;
        field = Field.NODE_CLOSE;
    }

    private int gather(byte[] bytes, int position, int end, int size) {
        int chunk = Math.min(size - partialLength, end - position);
        System.arraycopy(bytes, position, partial, partialLength, chunk);
        partialLength += chunk;
        return position + chunk;
    }

    /// One whole string other than contents.
    private void string(byte[] bytes, int from, int size) {
        switch (field) {
            case MAGIC -> literal(MAGIC, bytes, from, size, Field.NODE_OPEN);
            case NODE_OPEN -> literal(OPEN, bytes, from, size, Field.TYPE);
            case TYPE -> literal(TYPE, bytes, from, size, Field.KIND);
            case KIND -> kind(bytes, from, size);
            case EXECUTABLE_OR_CONTENTS -> {
                executable = is(EXECUTABLE, bytes, from, size);
                if (executable) field = Field.EXECUTABLE_VALUE;
                else literal(CONTENTS, bytes, from, size, Field.CONTENTS);
            }
            case EXECUTABLE_VALUE -> literal(EMPTY, bytes, from, size, Field.CONTENTS_TAG);
            case CONTENTS_TAG -> literal(CONTENTS, bytes, from, size, Field.CONTENTS);
            case TARGET_TAG -> literal(TARGET, bytes, from, size, Field.TARGET);
            case TARGET -> {
                checkTarget(bytes, from, size);
                if (visitor != null) visitor.symlink(ByteString.copyOf(bytes, from, from + size));
                field = Field.NODE_CLOSE;
            }
            case NODE_CLOSE -> {
                literal(CLOSE, bytes, from, size, Field.NODE_CLOSE);
                endNode();
            }
            case ENTRY_OR_CLOSE -> {
                if (is(ENTRY, bytes, from, size)) {
                    field = Field.ENTRY_OPEN;
                } else {
                    literal(CLOSE, bytes, from, size, Field.ENTRY_OR_CLOSE);
                    depth--;
                    if (visitor != null) visitor.directoryEnd();
                    endNode();
                }
            }
            case ENTRY_OPEN -> literal(OPEN, bytes, from, size, Field.NAME_TAG);
            case NAME_TAG -> literal(NAME, bytes, from, size, Field.NAME);
            case NAME -> {
                checkName(bytes, from, size);
                names[depth - 1] = Arrays.copyOfRange(bytes, from, from + size);
                if (visitor != null) visitor.entry(ByteString.copyOf(bytes, from, from + size));
                field = Field.NODE_TAG;
            }
            case NODE_TAG -> literal(NODE, bytes, from, size, Field.NODE_OPEN);
            case ENTRY_CLOSE -> literal(CLOSE, bytes, from, size, Field.ENTRY_OR_CLOSE);
            case CONTENTS, END -> throw new IllegalStateException("no string is read as " + field);
        }
    }

    private void kind(byte[] bytes, int from, int size) {
        if (is(REGULAR, bytes, from, size)) {
            field = Field.EXECUTABLE_OR_CONTENTS;
        } else if (is(SYMLINK, bytes, from, size)) {
            field = Field.TARGET_TAG;
        } else {
            literal(DIRECTORY, bytes, from, size, Field.ENTRY_OR_CLOSE);
            if (depth == MAX_DEPTH) throw fail("directories are nested deeper than %d levels".formatted(MAX_DEPTH));
            if (depth == names.length) names = Arrays.copyOf(names, depth * 2);
            names[depth++] = EMPTY;
            if (visitor != null) visitor.directoryStart();
        }
    }

    private void endNode() {
        field = depth == 0 ? Field.END : Field.ENTRY_CLOSE;
    }

    private void checkTarget(byte[] bytes, int from, int size) {
        if (size == 0) throw fail("a symlink target is empty");
        for (int i = from; i < from + size; i++) if (bytes[i] == 0) throw fail("a symlink target has a NUL in it");
    }

    private void checkName(byte[] bytes, int from, int size) {
        if (size == 0) throw fail("a name is empty");
        if (bytes[from] == '.' && (size == 1 || (size == 2 && bytes[from + 1] == '.')))
            throw fail("'%s' is not allowed as a name".formatted(printable(bytes, from, size)));
        for (int i = from; i < from + size; i++)
            if (bytes[i] == 0 || bytes[i] == '/')
                throw fail("the name '%s' has a %s in it"
                        .formatted(printable(bytes, from, size), bytes[i] == 0 ? "NUL" : "slash"));
        var last = names[depth - 1];
        int order = Arrays.compareUnsigned(last, 0, last.length, bytes, from, from + size);
        if (order == 0) throw fail("the name '%s' is there twice".formatted(printable(bytes, from, size)));
        if (order > 0)
            throw fail("the name '%s' does not sort after '%s'"
                    .formatted(printable(bytes, from, size), printable(last, 0, last.length)));
    }

    private static boolean is(byte[] tag, byte[] bytes, int from, int size) {
        return Arrays.equals(tag, 0, tag.length, bytes, from, from + size);
    }

    private void literal(byte[] tag, byte[] bytes, int from, int size, Field next) {
        if (!is(tag, bytes, from, size))
            throw fail("%s expected, not '%s'".formatted(field.expected, printable(bytes, from, size)));
        field = next;
    }

    private void requireZero(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) if (bytes[i] != 0) throw fail("padding is not zero");
    }

    private NarSyntaxException fail(String what) {
        var exception = new NarSyntaxException(fieldStart, path(), what);
        fault = exception;
        return exception;
    }

    private String path() {
        var path = new StringBuilder();
        boolean betweenEntries = switch (field) {
            case ENTRY_OR_CLOSE, ENTRY_OPEN, NAME_TAG, NAME -> true;
            default -> false;
        };
        int shown = betweenEntries ? depth - 1 : depth;
        for (int i = 0; i < shown; i++) path.append('/').append(printable(names[i], 0, names[i].length));
        return path.isEmpty() ? "/" : path.toString();
    }

    private static String printable(byte[] bytes, int from, int size) {
        return Printable.line(new String(bytes, from, size, StandardCharsets.UTF_8));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
