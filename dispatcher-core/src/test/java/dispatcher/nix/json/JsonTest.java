package dispatcher.nix.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dispatcher.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void everyKindOfValueIsReadAndPrintedCompactly() {
        var text = """
                 { "b" : [ true , false , null , -0.5e+10 , 1.50 , 1e300, 0, "" ] , "a" : { } , "\\u00e4\\ud83d\\ude00" : "\\"\\\\\\/\\b\\f\\n\\r\\t" }
                """;

        assertThat(Json.print(Json.parse(text)))
                .isEqualTo(
                        "{\"a\":{},\"b\":[true,false,null,-5000000000,1.50,1.0E300,0,\"\"],\"\u00e4\ud83d\ude00\":\"\\\"\\\\/\\b\\f\\n\\r\\t\"}");
    }

    @Test
    void namesAreSortedByTheirBytes() {
        var astral = "\ud83d\ude00";
        var last = "\uffee";
        var json = Json.object().putNull(astral).putNull(last).putNull("z");

        assertThat(Json.print(json)).isEqualTo("{\"z\":null,\"%s\":null,\"%s\":null}".formatted(last, astral));
    }

    @Test
    void lastOfEqualNamesCounts() {
        assertThat(Json.print(Json.parse("{\"a\":1,\"a\":2}"))).isEqualTo("{\"a\":2}");
    }

    @Test
    void controlCharactersAreEscaped() {
        assertThat(Json.quote("\0\u001f\u007f")).isEqualTo("\"\\u0000\\u001f\u007f\"");
    }

    @Test
    void whatWasPrintedIsReadAgain() {
        Seeds.run(300, random -> {
            var json = random(random, 4);
            assertThat((Object) Json.parse(Json.print(json))).isEqualTo(json);
            assertThat((Object) Json.parse(Json.print(json).getBytes(StandardCharsets.UTF_8)))
                    .isEqualTo(json);
        });
    }

    @Test
    void noPrefixOfAnObjectIsJson() {
        var text = "{\"a\":[1,{\"b\":\"\\u00e4\"}],\"c\":true}";
        for (int length = 0; length < text.length(); length++) {
            var part = text.substring(0, length);
            assertThatThrownBy(() -> Json.parse(part)).isInstanceOf(JsonSyntaxException.class);
        }
    }

    @Test
    void isShownOnATerminalWithNothingThatActsUponItAndMeansTheSame() {
        var json = Json.object()
                .put("a\u009b", "ü 😀 \u007f\u0085\u2028\u202e\ufeff\udb40\udc41 \n\u001b")
                .put("b", true);

        assertThat(Json.show(json))
                .isEqualTo(
                        "{\"a\\u009b\":\"ü 😀 \\u007f\\u0085\\u2028\\u202e\\ufeff\\udb40\\udc41 \\n\\u001b\",\"b\":true}");
        assertThat((Object) Json.parse(Json.show(json))).isEqualTo(json);
        assertThat(Json.show(TextNode.valueOf("a\ud83db"))).isEqualTo("\"a\ufffdb\"");
    }

    private static JsonNode random(RandomGenerator random, int depth) {
        return switch (random.nextInt(depth == 0 ? 4 : 6)) {
            case 0 -> NullNode.getInstance();
            case 1 -> BooleanNode.valueOf(random.nextBoolean());
            case 2 -> Json.parse(Long.toString(random.nextLong()));
            case 3 -> TextNode.valueOf(text(random));
            case 4 -> {
                var values = Json.texts(List.of());
                for (int n = random.nextInt(4); n > 0; n--) values.add(random(random, depth - 1));
                yield values;
            }
            default -> {
                var values = Json.object();
                for (int n = random.nextInt(4); n > 0; n--) values.set(text(random), random(random, depth - 1));
                yield values;
            }
        };
    }

    private static String text(RandomGenerator random) {
        var text = new StringBuilder();
        for (int n = random.nextInt(10); n > 0; n--) {
            int point = random.nextInt(random.nextBoolean() ? 0x80 : 0x11_0000);
            if (point < 0xd800 || point > 0xdfff) text.appendCodePoint(point);
        }
        return text.toString();
    }

    @Nested
    class Refuses {
        private void refused(String text, int position) {
            assertThatThrownBy(() -> Json.parse(text))
                    .as(text)
                    .isInstanceOfSatisfying(
                            JsonSyntaxException.class,
                            e -> assertThat(e.position()).as(e.getMessage()).isEqualTo(position));
        }

        @Test
        void whatIsNoValue() {
            refused("", 0);
            refused("tru", 0);
            refused("True", 0);
            refused("'a'", 0);
            refused("[1,]", 3);
            refused("[1 2]", 3);
            refused("{\"a\" 1}", 5);
            refused("{a:1}", 1);
            refused("{\"a\":1,}", 7);
            refused("1 1", 2);
            refused("\u00a01", 0);
        }

        @Test
        void numbersThatAreNone() {
            refused("-", 1);
            refused("+1", 1);
            refused("01", 1);
            refused("1.", 1);
            refused(".5", 0);
            refused("1e", 2);
            refused("NaN", 3);
            refused("1e999999999999", 0);
            refused("-1E9999", 0);
            refused("1e-999999999999", 0);
            refused("1".repeat(1001), 0);
        }

        @Test
        void stringsThatAreNone() {
            refused("\"a", 2);
            refused("\"\n\"", 1);
            refused("\"\\x\"", 2);
            refused("\"\\u12g4\"", 5);
            refused("\"\\ud800\"", 0);
            refused("\"\\udc00\"", 0);
            refused("\"\\ud800\\u0041\"", 0);
            refused("\"\ud800\"", 0);
            refused("{\"\\ud800\":1}", 8);
        }

        @Test
        void withNoAdviceToProgrammers() {
            for (var text : List.of("+1", "NaN", "{\"a\":1", "tru", "[".repeat(600), "1".repeat(1001)))
                assertThatThrownBy(() -> Json.parse(text))
                        .isInstanceOf(JsonSyntaxException.class)
                        .message()
                        .doesNotContain("Stream", "JSON String", "Source", "`", "null");
        }

        @Test
        void bytesThatAreNotUtf8() {
            assertThatThrownBy(() -> Json.parse(new byte[] {'"', (byte) 0xff, '"'}))
                    .isInstanceOf(JsonSyntaxException.class)
                    .hasMessageContaining("UTF-8");
        }

        @Test
        void nestingThatWouldExhaustTheStack() {
            assertThat(Json.parse("[".repeat(512) + "]".repeat(512))).hasSize(1);
            for (var open : List.of("[", "{\"a\":"))
                assertThatThrownBy(() -> Json.parse(open.repeat(1_000_000)))
                        .isInstanceOf(JsonSyntaxException.class)
                        .hasMessageContaining("512 levels");
        }
    }
}
