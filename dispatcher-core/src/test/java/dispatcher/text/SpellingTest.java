package dispatcher.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {
    private static final List<String> KEYS = List.of("hostName", "port", "sshUser", "sshKey", "system", "systems");

    @Test
    void findsTheNearestWord() {
        assertThat(Spelling.nearest("hostname", KEYS)).contains("hostName");
        assertThat(Spelling.nearest("host", KEYS)).contains("hostName");
        assertThat(Spelling.nearest("host-name", KEYS)).contains("hostName");
        assertThat(Spelling.nearest("prot", KEYS)).contains("port");
        assertThat(Spelling.nearest("sytsem", KEYS)).contains("system");
        assertThat(Spelling.nearest("ssh_user", KEYS)).contains("sshUser");
        assertThat(Spelling.nearest("colour", KEYS)).isEmpty();
    }

    @Test
    void showsAllWordsWhereNoneIsNear() {
        assertThat(Spelling.hint("colour", List.of("b", "a"))).isEqualTo("; known here: a, b");
    }

    @Test
    void countsSwapsOfNeighboursOnce() {
        assertThat(Spelling.distance("port", "prot")).isEqualTo(1);
        assertThat(Spelling.distance("", "abc")).isEqualTo(3);
        assertThat(Spelling.distance("kitten", "sitting")).isEqualTo(3);
    }
}
