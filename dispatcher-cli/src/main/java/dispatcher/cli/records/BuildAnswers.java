package dispatcher.cli.records;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildAnswer.Stage;
import dispatcher.cli.api.record.PlacementAnswer;
import dispatcher.record.BuildRecord;
import dispatcher.schedule.policy.Placement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// Records of builds as answers.
final class BuildAnswers {
    private BuildAnswers() {}

    static BuildAnswer of(BuildRecord record) {
        return new BuildAnswer(
                record.id(),
                record.drvPath().toString(),
                record.name(),
                record.client(),
                record.system(),
                List.copyOf(record.features()),
                RecordEndpoints.text(record.outcome()),
                record.asked(),
                record.ended(),
                record.machine(),
                Optional.of(record.message()).filter(text -> !text.isEmpty()),
                waited(record),
                stages(record),
                Optional.of(record.copied())
                        .filter(copied -> copied.paths() > 0)
                        .map(copied -> new BuildAnswer.Copied(
                                copied.paths(), copied.bytes(), Decimals.seconds(copied.took()))),
                record.fetched()
                        .last()
                        .map(last -> new BuildAnswer.Fetched(
                                record.fetched().paths(),
                                record.fetched().bytes(),
                                Decimals.seconds(record.fetched().took()),
                                last)),
                Optional.of(record.built()).filter(Duration::isPositive).map(Decimals::seconds),
                positive(record.outputBytes()),
                positive(record.peakMemory()),
                record.attempts().stream()
                        .map(attempt -> new BuildAnswer.Attempt(
                                attempt.machine(), attempt.reason(), attempt.began(), attempt.lost(), attempt.moved()))
                        .toList(),
                Optional.empty());
    }

    private static BuildAnswer.Waited waited(BuildRecord record) {
        var waits = record.waits();
        return new BuildAnswer.Waited(
                Decimals.seconds(waits.forEqualBuild()),
                Decimals.seconds(waits.forSlot().plus(waits.forAwayMachine())),
                Decimals.seconds(waits.forSlot()),
                Decimals.seconds(waits.forAwayMachine()),
                Decimals.seconds(record.copied().took()),
                Decimals.seconds(record.fetched().took()));
    }

    private static Optional<Long> positive(long bytes) {
        return bytes > 0 ? Optional.of(bytes) : Optional.empty();
    }

    /// Each begins where the one before ends, but for `copy-out`, which begins when the client asks for the outputs.
    private static List<Stage> stages(BuildRecord record) {
        var stages = new ArrayList<Stage>();
        var at = record.asked();
        var alone = at.plus(record.waits().forEqualBuild());
        if (record.isShared()) {
            stages.add(new Stage("equal-build", at, record.ended()));
            return stages;
        }
        if (alone.isAfter(at)) stages.add(new Stage("equal-build", at, Optional.of(alone)));
        if (record.attempts().isEmpty()) {
            // Stopped while it waited for an equal one, it was never queued.
            boolean queued = stages.isEmpty()
                    || record.ended().isEmpty()
                    || record.ended().get().toEpochMilli() > alone.toEpochMilli();
            if (queued) stages.add(new Stage("queue", alone, record.ended()));
            return stages;
        }
        var placed = record.attempts().getLast().began();
        stages.add(new Stage("queue", alone, Optional.of(placed.isBefore(alone) ? alone : placed)));
        if (record.outcome() == BuildRecord.Outcome.WAITING) return stages;
        onMachine(record, placed, stages);
        var fetched = record.fetched();
        fetched.last().ifPresent(last -> stages.add(new Stage("copy-out", begun(record, last), Optional.of(last))));
        return stages;
    }

    private static void onMachine(BuildRecord record, Instant placed, List<Stage> stages) {
        var copied = placed.plus(record.copied().took());
        if (record.ended().isPresent() && copied.isAfter(record.ended().get()))
            copied = record.ended().get();
        if (copied.isAfter(placed)) stages.add(new Stage("copy-in", placed, Optional.of(copied)));
        stages.add(new Stage("build", copied, record.ended()));
    }

    private static Instant begun(BuildRecord record, Instant last) {
        var begun = last.minus(record.fetched().took());
        return record.ended().filter(begun::isBefore).orElse(begun);
    }

    static PlacementAnswer of(PlacementAccount account) {
        var objections = new TreeMap<String, Long>();
        account.objections().forEach((reason, machines) -> objections.put(reason, (long) machines));
        return new PlacementAnswer(
                account.chosen().machine(),
                account.machines(),
                points(account.chosen()),
                account.others().stream().map(BuildAnswers::points).toList(),
                account.free(),
                objections);
    }

    private static PlacementAnswer.Points points(Placement placement) {
        boolean known = placement.isBuildMeasured();
        return new PlacementAnswer.Points(
                placement.machine(),
                Optional.of(placement.score()).filter(_ -> known).map(Decimals::finite),
                Optional.of(placement.boot()).filter(boot -> boot > 0).map(Decimals::finite),
                Decimals.finite(placement.copy()),
                placement.copyBytes(),
                Optional.of(placement.build()).filter(_ -> known).map(Decimals::finite),
                Optional.of(placement.finish()).filter(_ -> known).map(Decimals::finite),
                placement.spared(),
                placement.slotsTaken(),
                placement.slots(),
                Decimals.finite(placement.speed()));
    }
}
