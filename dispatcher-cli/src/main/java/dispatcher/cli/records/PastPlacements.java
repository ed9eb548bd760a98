package dispatcher.cli.records;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/// Why a build on record went where it did, for other commands.
public final class PastPlacements {
    private PastPlacements() {}

    /// @param dispatcher perhaps nobody
    /// @return a [BuildAnswer]
    public static ApiAnswer of(Settings settings, ApiClient dispatcher, long id) {
        return new RecordAccess(settings, dispatcher).build(id);
    }

    /// For people.
    ///
    /// @param build made printable
    public static List<String> lines(BuildAnswer build, Ansi ansi) {
        var lines = new ArrayList<String>();
        lines.add("build %d, %s, which is %s".formatted(build.id(), build.name(), build.outcome()));
        var placements = build.placements().orElse(List.of());
        if (placements.isEmpty()) {
            lines.add("it has been given to no machine%s"
                    .formatted(
                            build.outcome().equals("waiting") ? "; `dispatcher explain` with its .drv says why" : ""));
            build.message().ifPresent(lines::add);
        }
        for (var placement : placements) {
            lines.add("");
            lines.addAll(new PlacementReport(placement).lines(ansi));
        }
        return lines;
    }
}
