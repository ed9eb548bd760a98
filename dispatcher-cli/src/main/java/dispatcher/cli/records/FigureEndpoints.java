package dispatcher.cli.records;

import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.record.LoadAnswer;
import dispatcher.cli.api.record.PackagesAnswer;
import dispatcher.cli.api.record.TimelineAnswer;
import dispatcher.record.BuildRecorder;
import dispatcher.record.RecordFigures;
import dispatcher.record.RecordFigures.Cost;
import dispatcher.record.RecordFigures.PackageCost;
import dispatcher.schedule.BuildQueue;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/// What records of builds come to, as the API has it.
///
/// @param now the queue and the machines
public record FigureEndpoints(
        BuildRecorder records, RecordFigures figures, Supplier<BuildQueue.Snapshot> now, InstantSource clock) {
    static final String HOURS = "hours";
    static final String DAYS = "days";
    static final String BY = "by";
    static final String MACHINE = RecordEndpoints.MACHINE;
    static final String ROWS = RecordEndpoints.ROWS;
    static final int MOST_HOURS = 24 * 31;
    static final int MOST_DAYS = 366;
    static final int MOST_ROWS = 1_000;

    /// Builds in a timeline.
    private static final int MOST_BARS = 3_000;

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(TimelineAnswer.PATH, this::timeline),
                Endpoint.get(LoadAnswer.PATH, this::load),
                Endpoint.get(PackagesAnswer.PATH, this::packages));
    }

    TimelineAnswer timeline(ApiRequest request) {
        var to = clock.instant();
        var from = to.minus(Duration.ofHours(number(request, HOURS, 6, MOST_HOURS)));
        try {
            var found = records.between(figures, from, to, MOST_BARS);
            return Timeline.answer(to, from, request.parameter(MACHINE), found, found.size() >= MOST_BARS);
        } catch (IOException e) {
            throw RecordEndpoints.unreadable(e);
        }
    }

    LoadAnswer load(ApiRequest request) {
        var at = clock.instant();
        var from = at.minus(Duration.ofHours(number(request, HOURS, 24, MOST_HOURS)));
        try {
            return new LoadAnswer(
                    at, from.truncatedTo(ChronoUnit.HOURS), new LoadKinds(now.get()).kinds(figures.load(from)));
        } catch (IOException e) {
            throw RecordEndpoints.unreadable(e);
        }
    }

    PackagesAnswer packages(ApiRequest request) {
        var at = clock.instant();
        var from = at.minus(Duration.ofDays(number(request, DAYS, 7, MOST_DAYS) - 1));
        var by = request.parameter(BY).map(FigureEndpoints::cost).orElse(Cost.TIME);
        try {
            var found = figures.packages(from, by, number(request, ROWS, 50, MOST_ROWS));
            return new PackagesAnswer(
                    at,
                    from.truncatedTo(ChronoUnit.DAYS),
                    found.stream().map(FigureEndpoints::answer).toList());
        } catch (IOException e) {
            throw RecordEndpoints.unreadable(e);
        }
    }

    private static int number(ApiRequest request, String name, int usual, int most) {
        long number = request.parameter(name).isPresent() ? request.number(name) : usual;
        if (number < 1 || number > most)
            throw new IllegalArgumentException(
                    "the parameter '%s' is not from 1 to %d: %d".formatted(name, most, number));
        return (int) number;
    }

    private static Cost cost(String text) {
        for (var cost : Cost.values()) if (text(cost).equals(text)) return cost;
        throw new IllegalArgumentException("the parameter '%s' has '%s', which is none of: %s"
                .formatted(
                        BY,
                        text,
                        String.join(
                                ", ",
                                Arrays.stream(Cost.values())
                                        .map(FigureEndpoints::text)
                                        .toList())));
    }

    static String text(Cost cost) {
        return cost.name().toLowerCase(Locale.ROOT);
    }

    private static PackagesAnswer.Cost answer(PackageCost cost) {
        return new PackagesAnswer.Cost(
                cost.name(),
                cost.system(),
                cost.builds(),
                cost.failed(),
                Decimals.seconds(cost.building()),
                Decimals.seconds(cost.copying()),
                cost.copiedBytes(),
                cost.outputBytes(),
                Optional.of(cost.peakMemory()).filter(bytes -> bytes > 0));
    }

    /// Of a database without a dispatcher: no machine is known, and nothing waits.
    static Supplier<BuildQueue.Snapshot> nothing() {
        return () -> new BuildQueue.Snapshot(List.of(), List.of());
    }
}
