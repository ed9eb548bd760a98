package dispatcher.cli.web.figure;

import static dispatcher.cli.web.html.Html.element;

import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.record.TimelineAnswer;
import dispatcher.cli.web.figure.Strip.Kind;
import dispatcher.cli.web.figure.Strip.Scale;
import dispatcher.cli.web.html.Html;
import dispatcher.cli.web.page.Asset;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Form;
import dispatcher.cli.web.page.Grid;
import dispatcher.cli.web.page.Page;
import dispatcher.cli.web.page.PageRequest;
import dispatcher.cli.web.page.Region;
import dispatcher.cli.web.page.Words;
import dispatcher.schedule.policy.Amounts;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// What was on which machine in the last hours, as a picture with its figures beside it; of one machine, all builds.
final class TimelinePage implements Page {
    static final String PATH = "/timeline";
    private static final String MACHINE = "machine";
    private static final int USUAL_HOURS = 6;
    private static final int MOST_HOURS = 24 * 31;

    /// Bars of all machines together, and of one.
    static final int MOST_BARS = 4_000;

    private static final int MOST_OF_ONE = 800;
    private static final int LEAST_OF_ONE = 8;
    private static final int MOST_LISTED = 200;

    /// Into so many steps the period is divided in which the picture stays where it is.
    private static final int STEPS = 250;

    private static final double MILLIS = 1_000;

    @Override
    public String path() {
        return PATH;
    }

    @Override
    public Optional<String> inNavigation() {
        return Optional.of("Timeline");
    }

    @Override
    public List<Asset> assets() {
        return List.of(FigurePages.STYLE);
    }

    @Override
    public Content content(PageRequest request) throws IOException, InterruptedException {
        int hours = Choices.HOURS.chosen(request, USUAL_HOURS, MOST_HOURS);
        var answer = request.ask(
                TimelineAnswer.class, TimelineAnswer.PATH, Map.of(Choices.HOURS.parameter(), Integer.toString(hours)));
        var rows = rows(request, answer);
        var scale = scale(answer);
        var strips = Strips.of(rows, scale);
        var regions = new ArrayList<Region>();
        regions.add(remarks(answer, strips));
        regions.add(strips.grid(request, hours).region("There is no such machine.", StripPicture.legend()));
        if (rows.size() == 1) {
            regions.add(links(rows.firstKey()));
            regions.add(builds(rows.firstEntry().getValue()));
        }
        return new Content(
                "Timeline of the last " + Choices.HOURS.words(hours),
                Html.all(
                        Choices.HOURS.links(request, hours),
                        Form.filters(request, Form.Filter.text(MACHINE, "Machine"))),
                regions);
    }

    /// Builds by machine: of all that there are, and of those that there were.
    private static SortedMap<String, List<TimelineAnswer.Bar>> rows(PageRequest request, TimelineAnswer answer)
            throws IOException, InterruptedException {
        var rows = new TreeMap<String, List<TimelineAnswer.Bar>>();
        for (var machine :
                request.ask(MachinesAnswer.class, MachinesAnswer.PATH, Map.of()).machines())
            rows.put(machine.name(), List.of());
        for (var row : answer.machines()) rows.put(row.name(), row.builds());
        var wanted = request.parameter(MACHINE);
        if (wanted.isEmpty()) return rows;
        if (rows.containsKey(wanted.get())) rows.keySet().retainAll(List.of(wanted.get()));
        else rows.keySet().removeIf(name -> !name.contains(wanted.get()));
        return rows;
    }

    /// It stays the same for some time, so that browsers are not sent all of it each second.
    private static Scale scale(TimelineAnswer answer) {
        long step = Math.max(1, Duration.between(answer.from(), answer.now()).toMillis() / STEPS);
        var end = Instant.ofEpochMilli((answer.now().toEpochMilli() / step + 1) * step);
        return new Scale(end.minus(Duration.between(answer.from(), answer.now())), end);
    }

    private static Region remarks(TimelineAnswer answer, Strips strips) {
        var remarks = new ArrayList<Html>();
        if (answer.more())
            remarks.add(element(
                    "p",
                    Html.text("There were more builds than are shown, which are those that ended last. Before "),
                    Words.at(first(answer)),
                    Html.text(" the picture lacks some or all.")));
        if (strips.isMerged())
            remarks.add(element(
                    "p",
                    "Builds that are very close to each other are one bar, which has the colour of the one that"
                            + " ended worst."));
        return Region.of("remarks", Html.all(remarks));
    }

    /// The end of the build that ended first: what ended before is not there.
    private static Instant first(TimelineAnswer answer) {
        return answer.machines().stream()
                .flatMap(row -> row.builds().stream())
                .flatMap(bar -> bar.to().stream())
                .min(Comparator.naturalOrder())
                .orElse(answer.from());
    }

    /// The picture of each machine.
    private record Strips(SortedMap<String, List<TimelineAnswer.Bar>> rows, Map<String, Strip> strips, Scale scale) {
        static Strips of(SortedMap<String, List<TimelineAnswer.Bar>> rows, Scale scale) {
            int most = Math.clamp(MOST_BARS / Math.max(1, rows.size()), LEAST_OF_ONE, MOST_OF_ONE);
            var strips = new TreeMap<String, Strip>();
            rows.forEach(
                    (name, builds) -> strips.put(name, Strip.of(builds, scale).within(most)));
            return new Strips(rows, strips, scale);
        }

        boolean isMerged() {
            return strips.values().stream().anyMatch(Strip::isMerged);
        }

        Grid grid(PageRequest request, int hours) {
            var part = Amounts.seconds(Duration.ofHours(hours).toSeconds() / 4.0);
            var grid = new Grid(
                    "timeline",
                    "What was on each machine",
                    "Machine",
                    "Builds",
                    "Failed or lost",
                    "At once on average",
                    "From %s ago to now, with a line every %s".formatted(Choices.HOURS.words(hours), part));
            rows.forEach((name, builds) -> row(request, grid, name, builds));
            return grid;
        }

        private void row(PageRequest request, Grid grid, String name, List<TimelineAnswer.Bar> builds) {
            long bad = builds.stream()
                    .map(bar -> Kind.of(bar.outcome()))
                    .filter(kind -> kind == Kind.FAILED || kind == Kind.LOST)
                    .count();
            var words = "%s on %s, %d of them failed or lost".formatted(Words.count(builds.size(), "build"), name, bad);
            grid.row(
                    name,
                    Words.link(request.with(MACHINE, name), name),
                    Html.text(builds.size()),
                    Html.text(bad),
                    Html.text(String.format(Locale.ROOT, "%.1f", atOnce(builds))),
                    StripPicture.of(strips.getOrDefault(name, new Strip(List.of())), scale, words));
        }

        /// How many there were at once on average.
        private double atOnce(List<TimelineAnswer.Bar> builds) {
            long busy = builds.stream()
                    .map(bar -> Duration.between(
                            bar.from().isBefore(scale.from()) ? scale.from() : bar.from(),
                            bar.to().orElse(scale.to())))
                    .filter(Duration::isPositive)
                    .mapToLong(Duration::toMillis)
                    .sum();
            return (double) busy / Duration.between(scale.from(), scale.to()).toMillis();
        }
    }

    private static Region links(String machine) {
        return Region.of(
                "heading",
                element("h2", "Builds on " + machine),
                element("p", Words.link("/machines/" + PageRequest.encode(machine), "The machine")));
    }

    /// What was on one machine, the last to begin first.
    private static Region builds(List<TimelineAnswer.Bar> builds) {
        var grid = new Grid("builds", "Builds on this machine", "Build", "Client", "Began", "Took", "Outcome");
        builds.reversed().stream()
                .limit(MOST_LISTED)
                .forEach(build -> grid.row(
                        "%d %s".formatted(build.id(), build.from()),
                        Words.link("/builds/" + build.id(), build.name()),
                        build.client().isEmpty() ? Words.DASH : Html.text(build.client()),
                        Words.at(build.from()),
                        build.to().map(to -> took(build.from(), to)).orElse(Words.age(build.from())),
                        Html.text(build.outcome())));
        return grid.region(
                "No build was there.",
                builds.size() > MOST_LISTED
                        ? element("p", "The last %d of %d builds are listed.".formatted(MOST_LISTED, builds.size()))
                        : Html.NOTHING);
    }

    private static Html took(Instant from, Instant to) {
        return Html.text(Amounts.seconds(Duration.between(from, to).toMillis() / MILLIS));
    }
}
