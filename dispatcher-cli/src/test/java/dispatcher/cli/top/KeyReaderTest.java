package dispatcher.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyReaderTest {

    private static List<Key> keys(String signs, int atEnd) throws IOException {
        var position = new int[1];
        var reader = new KeyReader(_ -> position[0] < signs.length() ? signs.charAt(position[0]++) : atEnd);
        var keys = new ArrayList<Key>();
        for (var key = reader.next(Duration.ZERO); key.isPresent(); key = reader.next(Duration.ZERO)) {
            keys.add(key.get());
            if (key.get().kind() == Key.Kind.CLOSED) break;
        }
        return keys;
    }

    @ParameterizedTest
    @CsvSource({
        "[A,UP",
        "OA,UP",
        "[B,DOWN",
        "[5~,PAGE_UP",
        "[6~,PAGE_DOWN",
        "[H,HOME",
        "[1~,HOME",
        "OF,END",
        "[4~,END",
        "[Z,BACK_TAB",
        "[3~,OTHER",
        "[1;5A,UP",
        "'',ESCAPE",
        "x,OTHER"
    })
    void sequencesAreKeys(String sequence, Key.Kind kind) throws IOException {
        assertThat(keys("\u001b" + sequence, KeyReader.NONE)).containsExactly(Key.of(kind));
    }

    @Test
    void signsAreKeysWithTheirCodePoints() throws IOException {
        assertThat(keys("aß👩\t\r\u0003\u007f", KeyReader.NONE))
                .containsExactly(
                        Key.sign('a'),
                        Key.sign('ß'),
                        Key.sign("👩".codePointAt(0)),
                        Key.of(Key.Kind.TAB),
                        Key.of(Key.Kind.ENTER),
                        Key.of(Key.Kind.INTERRUPT),
                        Key.of(Key.Kind.BACKSPACE));
    }

    @Test
    void theEndOfTheTerminalIsAKeyEvenInASequence() throws IOException {
        assertThat(keys("\u001b[", -1)).extracting(Key::kind).containsExactly(Key.Kind.OTHER, Key.Kind.CLOSED);
        assertThat(new KeyReader(_ -> KeyReader.NONE).next(Duration.ZERO)).isEqualTo(Optional.empty());
    }

    @Test
    void aSequenceWithoutAnEndIsNotReadForEver() throws IOException {
        assertThat(keys("\u001b[" + "1".repeat(100), KeyReader.NONE)).first().returns(Key.Kind.OTHER, Key::kind);
    }
}
