package dispatcher.nix;

import java.util.Arrays;

/// Nix's own base 32: the bytes are one little-endian number, printed most significant digit first.
///
/// Source: Nix, `src/libutil/base-nix-32.cc`.
public final class Nix32 {
    static final String ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";
    private static final byte[] VALUES = new byte[128];

    static {
        Arrays.fill(VALUES, (byte) -1);
        for (int digit = 0; digit < ALPHABET.length(); digit++) VALUES[ALPHABET.charAt(digit)] = (byte) digit;
    }

    private Nix32() {}

    /// How many digits `bytes` bytes take: `⌈8·bytes/5⌉`.
    public static int digits(int bytes) {
        return (bytes * 8 + 4) / 5;
    }

    public static boolean isDigit(char c) {
        return c < 128 && VALUES[c] >= 0;
    }

    public static String encode(byte[] bytes) {
        var text = new char[digits(bytes.length)];
        for (int k = 0; k < text.length; k++) {
            int bit = k * 5;
            int index = bit >>> 3;
            int shift = bit & 7;
            int low = (bytes[index] & 0xff) >>> shift;
            int high = index + 1 < bytes.length ? (bytes[index + 1] & 0xff) << (8 - shift) : 0;
            text[text.length - 1 - k] = ALPHABET.charAt((low | high) & 0x1f);
        }
        return new String(text);
    }

    /// @throws NixSyntaxException if a char is no digit, or the digits hold more than `size` bytes
    public static byte[] decode(String text, int size) {
        if (text.length() != digits(size))
            throw NixSyntaxException.of(
                    "base-32 hash",
                    text,
                    "%d bytes take %d digits, not %d".formatted(size, digits(size), text.length()));
        var bytes = new byte[size];
        for (int k = 0; k < text.length(); k++) {
            int position = text.length() - 1 - k;
            char c = text.charAt(position);
            if (!isDigit(c)) throw NixSyntaxException.at("base-32 hash", text, position, "a digit of " + ALPHABET);
            int value = VALUES[c];
            int bit = k * 5;
            int index = bit >>> 3;
            int shift = bit & 7;
            bytes[index] |= (byte) (value << shift);
            int carry = value >>> (8 - shift);
            if (index + 1 < size) bytes[index + 1] |= (byte) carry;
            else if (carry != 0)
                throw NixSyntaxException.at("base-32 hash", text, position, "bits beyond its %d bytes".formatted(size));
        }
        return bytes;
    }
}
