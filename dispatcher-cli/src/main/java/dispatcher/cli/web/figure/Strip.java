package dispatcher.cli.web.figure;

import dispatcher.cli.api.record.TimelineAnswer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// What was on one machine, as bars in lanes: builds that ran at once are in different ones, as far as there are lanes.
///
/// @param lanes the bars of each, from left to right; no two of a lane overlap
record Strip(List<List<Bar>> lanes) {
    /// How wide it is, in units.
    static final int WIDTH = 1_000;

    private static final int MOST_LANES = 16;

    /// A bar of a short build is that wide, so that it can be seen.
    private static final int NARROWEST = 2;

    Strip {
        lanes = lanes.stream().map(List::copyOf).toList();
    }

    /// How builds ended; of several, the first of these that is among them is shown.
    enum Kind {
        FAILED,
        LOST,
        OTHER,
        RUNNING,
        BUILT;

        static Kind of(String outcome) {
            return switch (outcome) {
                case "failed" -> FAILED;
                case "lost" -> LOST;
                case "running" -> RUNNING;
                case "built" -> BUILT;
                default -> OTHER;
            };
        }

        Kind and(Kind other) {
            return compareTo(other) <= 0 ? this : other;
        }
    }

    /// One build, or several that are too close to each other.
    ///
    /// @param left   in units
    /// @param right  more than that
    /// @param builds how many it stands for
    /// @param bad    of these, the ones that failed or whose attempt was lost
    /// @param first  of its builds
    record Bar(int left, int right, Kind kind, int builds, int bad, TimelineAnswer.Bar first) {
        Bar and(Bar next) {
            return new Bar(
                    left,
                    Math.max(right, next.right),
                    kind.and(next.kind),
                    builds + next.builds,
                    bad + next.bad,
                    first);
        }
    }

    /// A period of time in units.
    record Scale(Instant from, Instant to) {
        Scale {
            if (!from.isBefore(to)) throw new IllegalArgumentException("from %s to %s".formatted(from, to));
        }

        int units(Instant at) {
            double share = (double) Duration.between(from, at).toMillis()
                    / Duration.between(from, to).toMillis();
            return Math.clamp(Math.round(share * WIDTH), 0, WIDTH);
        }
    }

    /// Each build in a bar of its own, unless there are more at once than there are lanes.
    static Strip of(List<TimelineAnswer.Bar> builds, Scale scale) {
        var lanes = new ArrayList<List<Bar>>();
        var ends = new ArrayList<Instant>();
        var inOrder = builds.stream()
                .sorted(Comparator.comparing(TimelineAnswer.Bar::from))
                .toList();
        for (var build : inOrder) {
            int lane = lane(ends, build.from());
            var end = build.to().orElse(scale.to());
            if (lane == lanes.size()) {
                lanes.add(new ArrayList<>());
                ends.add(end);
            }
            if (ends.get(lane).isBefore(end)) ends.set(lane, end);
            lanes.get(lane).add(bar(build, end, scale));
        }
        return new Strip(lanes).joined(0);
    }

    /// The first that is free; if none is and there can be no more, the one that is free first.
    private static int lane(List<Instant> ends, Instant from) {
        int first = 0;
        for (int lane = 0; lane < ends.size(); lane++) {
            if (!ends.get(lane).isAfter(from)) return lane;
            if (ends.get(lane).isBefore(ends.get(first))) first = lane;
        }
        return ends.size() < MOST_LANES ? ends.size() : first;
    }

    private static Bar bar(TimelineAnswer.Bar build, Instant end, Scale scale) {
        int left = Math.min(scale.units(build.from()), WIDTH - NARROWEST);
        var kind = Kind.of(build.outcome());
        return new Bar(
                left,
                Math.max(scale.units(end), left + NARROWEST),
                kind,
                1,
                kind == Kind.FAILED || kind == Kind.LOST ? 1 : 0,
                build);
    }

    /// The same with fewer bars: those of a lane are one that are closer to each other than `gap` units, or overlap.
    private Strip joined(int gap) {
        var all = new ArrayList<List<Bar>>();
        for (var lane : lanes) {
            var joined = new ArrayList<Bar>();
            for (var bar : lane)
                if (!joined.isEmpty() && bar.left < joined.getLast().right + gap)
                    joined.add(joined.removeLast().and(bar));
                else joined.add(bar);
            all.add(joined);
        }
        return new Strip(all);
    }

    /// The same with at most `most` bars, or one in each lane.
    Strip within(int most) {
        var strip = this;
        for (int gap = 1; strip.bars() > most && gap <= WIDTH; gap *= 2) strip = strip.joined(gap);
        return strip;
    }

    int bars() {
        return lanes.stream().mapToInt(List::size).sum();
    }

    /// Whether some bar stands for several builds.
    boolean isMerged() {
        return lanes.stream().flatMap(List::stream).anyMatch(bar -> bar.builds > 1);
    }
}
