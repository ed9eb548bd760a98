package dispatcher.text;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.testkit.Bounds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WildcardsTest {
    @ParameterizedTest
    @CsvSource({
        "'',''",
        "a,a",
        "*,''",
        "*,abc",
        "**,abc",
        "a*,a",
        "a*,abc",
        "*c,abc",
        "*c,c",
        "a*c,ac",
        "a*c,abcbc",
        "*b*,abc",
        "a*b*c,axbxbxc",
        "a.c*,a.c+",
        "*\\E*,x\\Ey",
        "*ab*ba*,abba",
        "a**,a",
    })
    void aStarStandsForAnyText(String pattern, String text) {
        assertThat(Wildcards.matches(pattern, text)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "a,''",
        "'',a",
        "a,A",
        "a,ab",
        "a*,b",
        "a*,ba",
        "*c,cb",
        "a*a,a",
        "ab*ba,aba",
        "*b*,ac",
        "*ab*ba*,aba",
        "a*b*c,acb",
        "a.c,abc",
    })
    void otherTextDoesNotMatch(String pattern, String text) {
        assertThat(Wildcards.matches(pattern, text)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "?,a,true",
        "?,'',false",
        "a?c,abc,true",
        "a?c,ac,false",
        "a?c,abbc,false",
        "*?,a,true",
        "*?,'',false",
        "?*?,a,false",
        "a*b?d*z,abbbcdz,true",
        "*a?pha*?,alpha,false",
        "?,?,true",
    })
    void aQuestionMarkStandsForOneCharacterInGlobsOnly(String pattern, String text, boolean matches) {
        assertThat(Wildcards.matchesGlob(pattern, text)).isEqualTo(matches);
        assertThat(Wildcards.matches(pattern, text)).isEqualTo(pattern.equals(text));
    }

    @Test
    void aStarStandsForLineBreaksToo() {
        assertThat(Wildcards.matches("a*c", "a\n\nc")).isTrue();
    }

    @Test
    void manyStarsTakeNoLongerThanFew() {
        var pattern = "*a".repeat(50) + "b";
        var text = "a".repeat(5000);

        Bounds.hold(
                pattern.length() + text.length(),
                () -> assertThat(Wildcards.matches(pattern, text)).isFalse());
        assertThat(Wildcards.matches(pattern, text + "b")).isTrue();
        Bounds.hold(
                pattern.length() + text.length(),
                () -> assertThat(Wildcards.matchesGlob(pattern, text)).isFalse());
    }
}
