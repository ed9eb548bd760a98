package dispatcher.machine;

import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/// An address of Ethernet.
///
/// @param text as `52:54:00:12:34:56`, in lower case
public record MacAddress(String text) {
    private static final Pattern TEXT = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");

    public MacAddress {
        if (!TEXT.matcher(text).matches())
            throw new IllegalArgumentException(
                    "'%s' is no MAC address; write six bytes, such as 52:54:00:12:34:56".formatted(text));
    }

    /// With `:` or `-` between the bytes, in upper or lower case.
    ///
    /// @throws IllegalArgumentException if it is none, with a message for people
    public static MacAddress parse(String text) {
        return new MacAddress(text.strip().replace('-', ':').toLowerCase(Locale.ROOT));
    }

    /// Six bytes.
    public byte[] bytes() {
        return HexFormat.ofDelimiter(":").parseHex(text);
    }

    @Override
    public String toString() {
        return text;
    }
}
