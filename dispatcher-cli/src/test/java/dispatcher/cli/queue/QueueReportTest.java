package dispatcher.cli.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.QueueAnswer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class QueueReportTest {
    private static QueueAnswer answer(String json) {
        return ApiJson.readPrintable(json.getBytes(StandardCharsets.UTF_8), QueueAnswer.class);
    }

    @Test
    void aQueueOfWhichNothingIsShownIsCounted() {
        assertThat(new QueueReport(answer("{\"now\":\"2026-01-01T00:00:00Z\",\"waiting\":7,\"builds\":[]}"))
                        .lines(Ansi.OFF))
                .containsExactly("7 builds wait");
    }
}
