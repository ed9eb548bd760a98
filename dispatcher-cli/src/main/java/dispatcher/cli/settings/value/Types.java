package dispatcher.cli.settings.value;

import dispatcher.text.Spelling;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The types that several keys have.
public final class Types {
    private static final Shape SIZE_SHAPE = new Shape.Pattern(ByteSize.EXPRESSION);

    private static final String LOOPBACK = "127.0.0.1:";
    private static final int MOST_PORT = 65_535;

    private Types() {}

    /// Without a fraction if it has none.
    public static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    public static Type<String> text() {
        return Type.of("text", new Shape.Text(), Function.identity());
    }

    /// Text of which more is asked.
    ///
    /// @param parser throws [IllegalArgumentException] with a message for people
    public static <T> Type<T> text(String words, Function<String, T> parser) {
        return Type.of(words, new Shape.Text(), parser);
    }

    /// Above zero.
    public static Type<Duration> duration() {
        return Type.of("duration", new Shape.Pattern(Durations.EXPRESSION), Types::positive)
                .shownBy(Durations::format);
    }

    private static Duration positive(String text) {
        var duration = Durations.parse(text);
        if (duration.isZero()) throw new IllegalArgumentException("'" + text + "' should be above zero");
        return duration;
    }

    public static Type<ByteSize> size() {
        return Type.of("size", SIZE_SHAPE, ByteSize::parse);
    }

    /// @param complaint of a size of zero
    public static Type<ByteSize> sizeAboveZero(Function<String, String> complaint) {
        return Type.of("size above 0", SIZE_SHAPE, text -> {
            var size = ByteSize.parse(text);
            if (size.bytes() == 0) throw new IllegalArgumentException(complaint.apply(text));
            return size;
        });
    }

    public static Type<ByteSize> size(ByteSize least, ByteSize most) {
        return Type.of("size from %s to %s".formatted(least, most), SIZE_SHAPE, text -> {
            var size = ByteSize.parse(text);
            if (size.compareTo(least) >= 0 && size.compareTo(most) <= 0) return size;
            throw new IllegalArgumentException("'%s' is not from %s to %s".formatted(text, least, most));
        });
    }

    /// Bytes per second, above zero.
    public static Type<ByteSize> rate() {
        return Type.of("bytes per second", new Shape.Pattern(ByteSize.EXPRESSION + "(?: */s)?"), Types::rate)
                .shownBy(rate -> rate + "/s");
    }

    private static ByteSize rate(String text) {
        var size = text.endsWith("/s") ? text.substring(0, text.length() - 2).stripTrailing() : text;
        try {
            var rate = ByteSize.parse(size);
            if (rate.bytes() > 0) return rate;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'%s' is no rate; write bytes per second with a unit, such as 20MiB/s".formatted(text), e);
        }
        throw new IllegalArgumentException("'%s' would send nothing; leave it away for no limit".formatted(text));
    }

    /// @param most [Integer#MAX_VALUE] for no bound
    public static Type<Integer> whole(int least, int most) {
        var range =
                most == Integer.MAX_VALUE ? "of %d or more".formatted(least) : "from %d to %d".formatted(least, most);
        return Type.of("whole number " + range, new Shape.Whole(least, most), text -> {
            var plain = text.strip();
            if (plain.matches("[+-]?\\d{1,9}")) {
                int number = Integer.parseInt(plain);
                if (number >= least && number <= most) return number;
            }
            throw new IllegalArgumentException("'%s' is not a whole number %s".formatted(text, range));
        });
    }

    public static Type<Boolean> flag() {
        return Type.of("true or false", new Shape.Flag(), text -> switch (text) {
            case "true", "yes" -> true;
            case "false", "no" -> false;
            default -> throw notOneOf(text, List.of("true", "false"));
        });
    }

    /// One of several words.
    ///
    /// @param word    how a value is written
    /// @param meaning of each word
    public static <T> Type<T> word(
            List<String> words, Function<T, String> word, Function<String, Optional<T>> meaning) {
        return Type.of(
                        String.join(", ", words),
                        new Shape.Words(words),
                        text -> meaning.apply(text).orElseThrow(() -> notOneOf(text, words)))
                .shownBy(word);
    }

    private static IllegalArgumentException notOneOf(String text, List<String> words) {
        return new IllegalArgumentException("'%s' is not one of %s%s"
                .formatted(
                        text,
                        String.join(", ", words),
                        Spelling.nearest(text, words)
                                .map("; did you mean '%s'?"::formatted)
                                .orElse("")));
    }

    public static Type<Path> path() {
        return new Type<>("path", new Shape.Text(), (text, paths) -> paths.apply(text), Path::toString);
    }

    public static Type<HostAndPort> address() {
        return Type.of("HOST:PORT", new Shape.Text(), HostAndPort::parse);
    }

    /// The same; a port alone is one of the loopback address.
    public static Type<HostAndPort> localAddress() {
        return Type.of(
                "HOST:PORT or PORT",
                new Shape.Either(List.of(new Shape.Text(), new Shape.Whole(0, MOST_PORT))),
                text -> HostAndPort.parse(text.matches(":?\\d{1,5}") ? LOOPBACK + text.replace(":", "") : text));
    }

    /// The address of a host, not its name.
    public static Type<InetAddress> hostAddress() {
        return Type.of("IP address", new Shape.Text(), text -> {
                    try {
                        return InetAddress.ofLiteral(text);
                    } catch (IllegalArgumentException e) {
                        throw new IllegalArgumentException(
                                "'%s' is no IP address; write e.g. 10.0.0.1 or fd00::1".formatted(text), e);
                    }
                })
                .shownBy(InetAddress::getHostAddress);
    }
}
