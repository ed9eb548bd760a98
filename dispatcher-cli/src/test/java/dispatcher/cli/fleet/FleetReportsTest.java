package dispatcher.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.control.Fields;
import dispatcher.nix.json.Json;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class FleetReportsTest {
    private static Fields fields(String json) {
        return new Fields((Json.Members) Json.parse(json));
    }

    @Test
    void coloursOnlyWhereThereMayBeSome() {
        var machines = fields("""
                {"now":"2026-01-01T00:00:00Z","machines":[{"name":"a","state":"under-pressure","reason":"disk full","slots":1,"slotsTaken":0,
                "running":[],"speed":{"configured":1,"measured":1},"bandwidth":1,"bandwidthMeasured":false,
                "resources":{}}]}""");
        var report = new MachinesReport(machines);
        assertThat(report.lines(Ansi.OFF)).allSatisfy(line -> assertThat(line).doesNotContain("\u001b"));
        assertThat(report.lines(Ansi.ON).get(1)).startsWith("\u001b[31ma  ").contains("disk full");
    }

    @Test
    void whatMachinesAndClientsSaidDoesNothingToTheTerminal() {
        var hostile = fields("""
                {"drv":"x\\n.drv","system":"s\\u001b[2J","features":["f\\u202e"],"possible":false,"waiting":0,"expected":30,
                "expectedKnown":true,"inputs":{"paths":0,"bytes":0,"unknown":0},"resources":{"m\\u009b":1},
                "machines":[{"name":"a\\u2028b","verdict":"unfit","reason":"no\\r\\nway"}]}""").printable();

        var lines = new ExplanationReport(hostile).lines(Ansi.OFF);

        assertThat(lines.getFirst()).isEqualTo("x; .drv for s\\x1b[2J, requires f\\u202e");
        assertThat(lines).contains("takes m\\x9b 1");
        assertThat(lines.getLast()).startsWith("a\\u2028b").endsWith("no; way");
    }

    @Test
    void aBuildThatIsLateIsSaidToBe() {
        var machines = fields("""
                {"now":"2026-01-01T00:00:00Z","machines":[{"name":"a","state":"ready","slots":1,"slotsTaken":1,
                "running":[{"drv":"x.drv","client":"ci","since":"2025-12-31T23:59:00Z",
                "expectedEnd":"2025-12-31T23:59:50Z"}],"speed":{"configured":1,"measured":1},"bandwidth":1,
                "bandwidthMeasured":false,"resources":{}}]}""");
        assertThat(new MachinesReport(machines).lines(Ansi.OFF)).endsWith("a        x.drv  ci      60 s      10 s ago");
    }

    @Test
    void aQueueOfWhichNothingIsShownIsCounted() {
        assertThat(new QueueReport(fields("{\"now\":\"2026-01-01T00:00:00Z\",\"waiting\":7,\"builds\":[]}"))
                        .lines(Ansi.OFF))
                .containsExactly("7 builds wait");
    }

    @Test
    void aBuildThatWouldWaitForABetterMachineIsSaidTo() {
        var lines = new ExplanationReport(fields("""
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
}
