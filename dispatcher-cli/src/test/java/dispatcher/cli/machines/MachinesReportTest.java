package dispatcher.cli.machines;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachinesAnswer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class MachinesReportTest {
    private static MachinesAnswer answer(String json) {
        return ApiJson.readPrintable(json.getBytes(StandardCharsets.UTF_8), MachinesAnswer.class);
    }

    @Test
    void coloursOnlyWhereThereMayBeSome() {
        var machines = answer("""
                {"now":"2026-01-01T00:00:00Z","machines":[{"name":"a","address":"x","state":"under-pressure","reason":"disk full","slots":1,"slotsTaken":0,
                "running":[],"speed":{"configured":1,"measured":1},"bandwidth":1,"bandwidthMeasured":false,
                "systems":[],"supportedFeatures":[],"mandatoryFeatures":[],
                "refuses":[],"resources":{}}]}""");
        var report = new MachinesReport(machines);
        assertThat(report.lines(Ansi.OFF)).allSatisfy(line -> assertThat(line).doesNotContain("\u001b"));
        assertThat(report.lines(Ansi.ON).get(1)).startsWith("\u001b[31ma  ").contains("disk full");
    }

    @Test
    void aBuildThatIsLateIsSaidToBe() {
        var machines = answer("""
                {"now":"2026-01-01T00:00:00Z","machines":[{"name":"a","address":"x","state":"ready","slots":1,"slotsTaken":1,
                "running":[{"drv":"x.drv","client":"ci","since":"2025-12-31T23:59:00Z",
                "expectedEnd":"2025-12-31T23:59:50Z"}],"speed":{"configured":1,"measured":1},"bandwidth":1,
                "bandwidthMeasured":false,"systems":[],"supportedFeatures":[],
                "mandatoryFeatures":[],"refuses":[],"resources":{}}]}""");
        assertThat(new MachinesReport(machines).lines(Ansi.OFF)).endsWith("a        x.drv  ci      60 s      10 s ago");
    }

    @Test
    void whatMachinesSayOfThemselvesIsInATableOfItsOwn() {
        var machines = answer("""
                {"now":"2026-01-01T00:01:00Z","machines":[{"name":"a","address":"x","state":"ready","slots":8,"slotsTaken":0,
                "running":[],"speed":{"configured":1,"measured":1},"bandwidth":1,"bandwidthMeasured":false,
                "systems":["x86_64-linux"],"supportedFeatures":[],"mandatoryFeatures":[],"refuses":[],"resources":{},
                "description":{"at":"2026-01-01T00:00:00Z","cores":8,"memory":17179869184,"nix":"2.31.1",
                "systems":["i686-linux","x86_64-linux"],"features":[]}},
                {"name":"b","address":"x","state":"undescribed","reason":"not yet described: no route to b","slots":1,
                "slotsTaken":0,"running":[],"speed":{"configured":1,"measured":1},"bandwidth":1,"bandwidthMeasured":false,
                "systems":[],"supportedFeatures":[],"mandatoryFeatures":[],"refuses":[],"resources":{}}]}""");

        assertThat(new MachinesReport(machines).lines(Ansi.OFF).stream().map(line -> line.replaceAll(" {2,}", "  ")))
                .contains(
                        "b  undescribed  0/1  1  -  -  not yet described: no route to b",
                        "MACHINE  NIX  CORES  MEMORY  DISK FREE  SYSTEMS  FEATURES  SAID",
                        "a  2.31.1  8  16 GiB  -  i686-linux,x86_64-linux  -  60 s ago");
    }
}
