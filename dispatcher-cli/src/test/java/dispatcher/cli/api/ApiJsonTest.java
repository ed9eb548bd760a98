package dispatcher.cli.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ApiJsonTest {
    private record Sample(
            String text,
            long count,
            boolean flag,
            Instant time,
            Optional<String> some,
            Optional<Long> number,
            Figure<BigDecimal> figure,
            Figure<Instant> other,
            List<String> list,
            SortedMap<String, Long> amounts) {}

    private static final Sample SAMPLE = new Sample(
            "t",
            3,
            true,
            Instant.parse("2026-01-01T00:00:00.120Z"),
            Optional.empty(),
            Optional.of(1L << 40),
            Figure.unknown(),
            Figure.absent(),
            List.of(),
            new TreeMap<>(java.util.Map.of("b", 1L, "a", 2L)));

    private static final String JSON = """
            {"amounts":{"a":2,"b":1},"count":3,"figure":null,"flag":true,"list":[],"number":1099511627776,\
            "text":"t","time":"2026-01-01T00:00:00.120Z"}""";

    private static String print(Object value) {
        return new String(ApiJson.print(value), StandardCharsets.UTF_8);
    }

    private static Sample read(String json) {
        return ApiJson.read(json.getBytes(StandardCharsets.UTF_8), Sample.class);
    }

    @Test
    void membersAreSortedAndWhatIsNotThereIsLeftOut() {
        assertThat(print(SAMPLE)).isEqualTo(JSON);
        assertThat(read(JSON)).isEqualTo(SAMPLE);
    }

    @Test
    void aFigureThatIsKnownIsItself() {
        var known = JSON.replace("\"figure\":null", "\"figure\":2.500")
                .replace("\"text\"", "\"other\":\"%s\",\"text\"")
                .formatted("2026-01-01T00:00:00Z");
        assertThat(read(known).figure()).isEqualTo(Figure.known(new BigDecimal("2.500")));
        assertThat(read(known).other()).isEqualTo(Figure.known(Instant.parse("2026-01-01T00:00:00Z")));
        assertThat(print(read(known))).isEqualTo(known);
    }

    @Test
    void numbersHaveNoExponentAndTheDigitsThatTheyAreGiven() {
        assertThat(print(List.of(
                        Decimals.finite(100),
                        Decimals.finite(0.0004),
                        Decimals.finite(2.5),
                        Decimals.fixed(100),
                        Decimals.finite(1e15))))
                .isEqualTo("[100,0,2.5,100.000,1000000000000000]");
        assertThat(Decimals.of(Double.POSITIVE_INFINITY)).isEqualTo(Figure.absent());
    }

    @Test
    void textsAreMadePrintableWhereTheyAreShown() {
        var hostile = JSON.replace("\"t\"", "\"a\\nb\\u001b[2J\"").replace("\"a\":2", "\"a\\u009b\":2");
        var shown = ApiJson.readPrintable(hostile.getBytes(StandardCharsets.UTF_8), Sample.class);
        assertThat(shown.text()).isEqualTo("a; b\\x1b[2J");
        assertThat(shown.amounts()).containsOnlyKeys("a\\x9b", "b");
        assertThat(read(hostile).text()).isEqualTo("a\nb\u001b[2J");
    }

    @Test
    void whatIsMissingOrOfAnotherTypeIsNamed() {
        for (var wrong : List.of(
                JSON.replace("\"count\":3,", ""),
                JSON.replace("\"count\":3", "\"count\":\"3\""),
                JSON.replace("\"count\":3", "\"count\":3.0"),
                JSON.replace("\"count\":3", "\"count\":null"),
                JSON.replace("\"count\":3", "\"count\":99999999999999999999")))
            assertThatIllegalArgumentException().isThrownBy(() -> read(wrong)).withMessageContaining("'count'");
        for (var wrong : List.of(
                JSON.replace("\"text\":\"t\",", ""),
                JSON.replace("\"text\":\"t\"", "\"text\":null"),
                JSON.replace("\"text\":\"t\"", "\"text\":1")))
            assertThatIllegalArgumentException().isThrownBy(() -> read(wrong)).withMessageContaining("'text'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(JSON.replace("\"flag\":true", "\"flag\":\"true\"")))
                .withMessageContaining("'flag'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(JSON.replace("2026", "soon")))
                .withMessage("'time': it is no time as in RFC 3339");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(JSON.replace("\"a\":2", "\"a\":null")))
                .withMessageContaining("'amounts");
    }

    @Test
    void whatIsNoObjectIsRefused() {
        for (var wrong : List.of("", "null", "[]", "1", "\"t\"", "{", JSON + "x", JSON + "{}", "[".repeat(5000)))
            assertThatIllegalArgumentException().as(wrong).isThrownBy(() -> read(wrong));
    }

    @Test
    void membersThatAreNotKnownAreSkipped() {
        assertThat(read(JSON.replace("{\"amounts\"", "{\"new\":[{\"a\":null}],\"amounts\"")))
                .isEqualTo(SAMPLE);
    }
}
