package dispatcher.build.log;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ByteString;
import dispatcher.testkit.Await;
import dispatcher.testkit.RecordingLog;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("the logs of the process share what they may hold")
class BufferedLogTest {
    private final BufferedLog held = new BufferedLog();
    private final RecordingLog reader = new RecordingLog();

    @Test
    void keepsWhatComesUntilSomebodyReadsIt() {
        held.phase("buildPhase");
        held.line(ByteString.of("one"));
        held.note("a note");
        assertThat(reader.lines()).isEmpty();
        held.release(reader);
        held.line(ByteString.of("two"));

        assertThat(reader.lines()).containsExactly("one", "two");
        assertThat(reader.phases()).containsExactly("buildPhase");
        assertThat(reader.notes()).containsExactly("a note");
    }

    @Test
    void keepsTheLastOfALongLogAndSaysHowMuchIsMissing() {
        var line = "x".repeat(1000);
        for (int i = 0; i < 4000; i++) held.line(ByteString.of(line + i));
        held.release(reader);

        assertThat(reader.lines()).last().isEqualTo(line + 3999);
        int kept = reader.lines().size();
        assertThat(kept).isBetween(LogParts.MOST_BYTES / 1140, LogParts.MOST_BYTES / 1120);
        assertThat(reader.notes())
                .singleElement()
                .asString()
                .startsWith("dispatcher: %d lines of the log (2.".formatted(4000 - kept));
    }

    @Test
    void keepsALineThatIsLongerThanAllItMayKeep() {
        var line = "x".repeat(2 * LogParts.MOST_BYTES);
        held.line(ByteString.of(line));
        held.release(reader);

        assertThat(reader.lines()).containsExactly(line);
    }

    @Test
    void losesNothingAndKeepsTheOrderIfItIsReadWhileItIsWritten() {
        var writer = Await.start(() -> {
            for (int i = 0; i < 5000; i++) held.line(ByteString.of("" + i));
            return true;
        });
        held.release(reader);
        Await.result(writer);

        assertThat(reader.lines())
                .containsExactlyElementsOf(
                        IntStream.range(0, 5000).mapToObj(Integer::toString).toList());
    }
}
