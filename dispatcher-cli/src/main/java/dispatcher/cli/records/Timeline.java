package dispatcher.cli.records;

import dispatcher.cli.api.record.TimelineAnswer;
import dispatcher.cli.api.record.TimelineAnswer.Bar;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Attempt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// Attempts at builds, by the machine on which they were.
final class Timeline {
    private Timeline() {}

    private static String outcome(Attempt attempt, BuildRecord record) {
        if (attempt.lost().isPresent()) return "lost";
        return attempt.moved().isPresent() ? "moved" : RecordEndpoints.text(record.outcome());
    }

    /// @param machine only this one, if there is a name
    static TimelineAnswer answer(
            Instant now, Instant from, Optional<String> machine, Collection<BuildRecord> records, boolean more) {
        var rows = new TreeMap<String, List<Bar>>();
        for (var record : records) {
            var attempts = record.attempts();
            for (int i = 0; i < attempts.size(); i++) {
                var attempt = attempts.get(i);
                if (machine.isPresent() && !machine.get().equals(attempt.machine())) continue;
                boolean isLast = i == attempts.size() - 1;
                var to = isLast
                        ? record.ended()
                        : Optional.of(attempts.get(i + 1).began());
                if (to.filter(from::isAfter).isPresent()) continue;
                rows.computeIfAbsent(attempt.machine(), _ -> new ArrayList<>())
                        .add(new Bar(
                                record.id(),
                                record.name(),
                                record.client(),
                                attempt.began(),
                                to.filter(end -> !end.isBefore(attempt.began())).or(() -> to.map(_ -> attempt.began())),
                                outcome(attempt, record)));
            }
        }
        var answer = new ArrayList<TimelineAnswer.Row>();
        rows.forEach((name, bars) -> {
            bars.sort(Comparator.comparing(Bar::from).thenComparingLong(Bar::id));
            answer.add(new TimelineAnswer.Row(name, bars));
        });
        return new TimelineAnswer(now, from, answer, more);
    }
}
