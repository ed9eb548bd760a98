package dispatcher.cli.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.SpoolAnswer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class SpoolReportTest {
    private static SpoolReport report(String json) {
        return new SpoolReport(ApiJson.readPrintable(json.getBytes(StandardCharsets.UTF_8), SpoolAnswer.class));
    }

    @Test
    void saysHowManyPathsAreNotListed() {
        var status = report("""
                {"path":"/s","paths":3,"bytes":9,"pinnedBytes":0,"limit":10,"entries":
                [{"path":"/nix/store/a","bytes":3,"lastUse":"2026-01-01T00:00:00.123Z","pinned":false}]}""");
        assertThat(status.status(true, Ansi.OFF))
                .endsWith("3 B   2026-01-01T00:00:00Z  no      /nix/store/a", "and 2 paths more");
    }

    @Test
    void saysThatThereAreNoPathsInsteadOfAnEmptyTable() {
        var status = report("""
                {"path":"/s","paths":0,"bytes":0,"pinnedBytes":0,"limit":10,"entries":[]}""");
        assertThat(status.status(true, Ansi.OFF)).endsWith("", "no paths");
    }

    @Test
    void saysHowManyPathsWentThatAreNotListed() {
        var trimmed = report("""
                {"path":"/s","paths":0,"bytes":0,"pinnedBytes":0,"limit":10,
                "removed":["/nix/store/a"],"removedPaths":2,"removedBytes":9}""");
        assertThat(trimmed.trimmed(0))
                .containsExactly(
                        "/nix/store/a", "and 1 path more", "2 paths went and freed 9 B; 0 paths with 0 B left");
    }
}
