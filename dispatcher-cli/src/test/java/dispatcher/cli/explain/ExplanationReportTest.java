package dispatcher.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.ExplainAnswer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class ExplanationReportTest {
    private static ExplainAnswer answer(String json) {
        return ApiJson.readPrintable(json.getBytes(StandardCharsets.UTF_8), ExplainAnswer.class);
    }

    @Test
    void whatMachinesAndClientsSaidDoesNothingToTheTerminal() {
        var hostile = answer("""
                {"drv":"x\\n.drv","system":"s\\u001b[2J","features":["f\\u202e"],"possible":false,"waiting":0,"expected":30,
                "expectedKnown":true,"inputs":{"paths":0,"bytes":0,"unknown":0},"resources":{"m\\u009b":1},
                "machines":[{"name":"a\\u2028b","verdict":"unfit","reason":"no\\r\\nway"}]}""");

        var lines = new ExplanationReport(hostile).lines(Ansi.OFF);

        assertThat(lines.getFirst()).isEqualTo("x; .drv for s\\x1b[2J, requires f\\u202e");
        assertThat(lines).contains("takes m\\x9b 1");
        assertThat(lines.getLast()).startsWith("a\\u2028b").endsWith("no; way");
    }

    @Test
    void aBuildThatWouldWaitForABetterMachineIsSaidTo() {
        var lines = new ExplanationReport(answer("""
                {"drv":"x.drv","system":"s","features":[],"possible":true,"waiting":1,"expected":30,"expectedKnown":true,
                "inputs":{"paths":1,"bytes":7,"unknown":1},"resources":{},
                "machines":[{"name":"a","verdict":"not-best","untilStart":0,"copy":0.1,"build":30,"finish":30.1,
                "score":60.2,"copyBytes":0,"spared":true,"slotsTaken":0,"slots":1,"speed":1}]}""")).lines(Ansi.OFF);
        assertThat(lines)
                .contains(
                        "would wait for a busy machine that should finish it before any that is free",
                        "takes 30 s at speed 1, as seen before",
                        "reads 1 path, 7 B; of 1 input it is not known how large",
                        "1 build waits already; those for the same machines that come first in their order begin before it");
        assertThat(lines.getLast()).endsWith("spared for builds that need more of what it offers; free, but slow");
    }

    @Test
    void aMachineThatIsNotUpIsShownWithItsStart() {
        var lines = new ExplanationReport(answer("""
                {"drv":"x.drv","system":"s","features":[],"possible":true,"waiting":0,"expected":30,"expectedKnown":true,
                "chosen":"a","inputs":{"paths":0,"bytes":0,"unknown":0},"resources":{},
                "machines":[{"name":"a","verdict":"chosen","untilStart":0,"copy":0.1,"build":3,"finish":33.1,
                "score":33.1,"copyBytes":0,"spared":false,"slotsTaken":0,"slots":1,"speed":10,"power":"off","startsIn":30},
                {"name":"b","verdict":"not-best","untilStart":0,"copy":0.1,"build":30,"finish":40.1,
                "score":40.1,"copyBytes":0,"spared":false,"slotsTaken":0,"slots":1,"speed":1,"power":"starting",
                "startsIn":10}]}""")).lines(Ansi.OFF);
        assertThat(lines)
                .anyMatch(line -> line.matches("a +in 30 s .* should finish it first; off; starts in about 30 s"))
                .anyMatch(line -> line.matches("b +in 10 s .* starting; starts in about 10 s; 7 s later"));
    }
}
