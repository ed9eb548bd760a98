package dispatcher.wire;

import dispatcher.nix.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Text that is too long to be kept whole, without its middle.
public final class Clipping {
    /// Bytes of a character in UTF-8 after its first one.
    private static final int MOST_CONTINUED = 3;

    private Clipping() {}

    /// `text` if it has no more than `most` bytes in UTF-8, or its beginning and its end.
    public static String of(String text, int most) {
        if (text.length() <= most / MOST_CONTINUED) return text;
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= most) return text;
        int half = most / 2;
        return join(
                        Arrays.copyOf(bytes, half),
                        Arrays.copyOfRange(bytes, bytes.length - half, bytes.length),
                        bytes.length)
                .utf8();
    }

    /// The beginning and the end of what has `length` bytes, with a line between them that says how many are left
    /// out. A character that was cut is left out.
    static ByteString join(byte[] head, byte[] tail, long length) {
        int headEnd = wholeCharacters(head);
        int tailStart = 0;
        while (tailStart < Math.min(MOST_CONTINUED, tail.length) && isContinued(tail[tailStart])) tailStart++;
        long leftOut = length - headEnd - (tail.length - tailStart);
        var note = ("\n[dispatcher: " + leftOut + " bytes are left out here]\n").getBytes(StandardCharsets.US_ASCII);
        var joined = Arrays.copyOf(head, headEnd + note.length + tail.length - tailStart);
        System.arraycopy(note, 0, joined, headEnd, note.length);
        System.arraycopy(tail, tailStart, joined, headEnd + note.length, tail.length - tailStart);
        return ByteString.wrap(joined);
    }

    private static boolean isContinued(byte b) {
        return (b & 0xc0) == 0x80;
    }

    /// Where the last character that may have been cut begins.
    private static int wholeCharacters(byte[] bytes) {
        int start = bytes.length - 1;
        while (start > 0 && bytes.length - start <= MOST_CONTINUED && isContinued(bytes[start])) start--;
        return start >= 0 && (bytes[start] & 0xc0) == 0xc0 ? start : bytes.length;
    }
}
