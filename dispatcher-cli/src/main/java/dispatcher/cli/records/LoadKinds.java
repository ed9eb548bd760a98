package dispatcher.cli.records;

import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.record.LoadAnswer.Kind;
import dispatcher.cli.api.record.LoadAnswer.Waited;
import dispatcher.record.RecordFigures.Load;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.SchedulingKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/// Kinds of builds beside the machines that there are for them. Used once.
final class LoadKinds {
    /// Of which machines are looked at.
    private static final int MOST = 500;

    private final BuildQueue.Snapshot now;
    private final Map<Need, Waiting> waiting = new LinkedHashMap<>();

    private record Need(String system, SortedSet<String> features) {}

    private record Waiting(long count, Instant oldest) {
        Waiting and(Waiting more) {
            return new Waiting(count + more.count, oldest.isBefore(more.oldest) ? oldest : more.oldest);
        }
    }

    LoadKinds(BuildQueue.Snapshot now) {
        this.now = now;
        for (var position : now.waiting()) {
            var request = position.build().request();
            waiting.merge(
                    new Need(request.platform(), request.requiredFeatures()),
                    new Waiting(1, position.build().since()),
                    Waiting::and);
        }
    }

    /// Those of the past, and those that wait now.
    List<Kind> kinds(Collection<Load> loads) {
        var all = new ArrayList<>(loads);
        for (var need : waiting.keySet())
            if (loads.stream()
                    .noneMatch(load ->
                            load.system().equals(need.system) && load.features().equals(need.features)))
                all.add(none(need));
        return all.stream()
                .sorted(Comparator.comparing((Load load) -> load.forSlot().plus(load.forAwayMachine()))
                        .reversed()
                        .thenComparingLong(
                                load -> -waitingOf(load).map(Waiting::count).orElse(0L)))
                .limit(MOST)
                .map(this::kind)
                .toList();
    }

    private static Load none(Need need) {
        var zero = Duration.ZERO;
        return new Load(need.system, need.features, 0, 0, 0, zero, zero, zero, zero, zero, zero);
    }

    private Optional<Waiting> waitingOf(Load load) {
        return Optional.ofNullable(waiting.get(new Need(load.system(), load.features())));
    }

    private Kind kind(Load load) {
        var need = new SchedulingKey(
                load.system(), load.features(), Collections.emptySortedMap(), Optional.empty(), Set.of());
        long machines = 0;
        long slots = 0;
        long taken = 0;
        for (var view : now.machines()) {
            if (!Fitness.isFit(view.machine(), need)) continue;
            machines++;
            slots += view.snapshot().slots();
            taken += view.slotsTaken();
        }
        var there = waitingOf(load);
        return new Kind(
                load.system(),
                List.copyOf(load.features()),
                load.builds(),
                load.failed(),
                load.refused(),
                new Waited(
                        Decimals.seconds(load.forEqualBuild()),
                        Decimals.seconds(load.forSlot()),
                        Decimals.seconds(load.forAwayMachine())),
                Decimals.seconds(load.copying()),
                Decimals.seconds(load.building()),
                Decimals.seconds(load.longestWait()),
                there.map(Waiting::count).orElse(0L),
                there.map(Waiting::oldest),
                machines,
                slots,
                taken);
    }
}
