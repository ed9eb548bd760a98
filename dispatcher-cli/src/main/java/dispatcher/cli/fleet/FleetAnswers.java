package dispatcher.cli.fleet;

import dispatcher.build.request.Prospect;
import dispatcher.cli.control.FieldsBuilder;
import dispatcher.nix.json.Json;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.Explanation;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.QueuePosition;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.Refused;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The fleet as JSON: what [FleetRequests] answers, and what `--json` prints. Times are instants as in RFC 3339, and
/// seconds; amounts are bytes, bytes per second, and counts. A time that would rest on nothing that was ever seen is
/// null.
final class FleetAnswers {
    private FleetAnswers() {}

    /// @param now from which the times in it are counted
    static Json.Members machines(List<MachineView> views, Instant now) {
        return new FieldsBuilder()
                .text("now", now)
                .objects("machines", views.stream().map(FleetAnswers::machine).toList())
                .build();
    }

    static Json.Members machine(MachineView view) {
        var machine = view.machine();
        var fields = new FieldsBuilder()
                .text("name", machine.name())
                .text("address", machine.address())
                .text("state", stateWord(view.state()))
                .number("slots", machine.maxJobs())
                .number("slotsTaken", view.slotsTaken())
                .objects(
                        "running",
                        view.running().stream().map(FleetAnswers::running).toList())
                .object(
                        "speed",
                        new FieldsBuilder()
                                .decimal("configured", machine.speedFactor())
                                .decimal("measured", view.facts().speed())
                                .build())
                .number("bandwidth", Math.round(view.facts().bandwidth()))
                .flag("bandwidthMeasured", view.facts().bandwidth() != MachineFacts.DEFAULT_BANDWIDTH)
                .texts("systems", machine.systems())
                .texts("supportedFeatures", machine.supportedFeatures())
                .texts("mandatoryFeatures", machine.mandatoryFeatures());
        var resources = new FieldsBuilder();
        machine.resources()
                .forEach((name, of) -> resources.object(
                        name,
                        new FieldsBuilder()
                                .number("taken", view.taken().getOrDefault(name, 0L))
                                .number("of", of)
                                .build()));
        fields.object("resources", resources.build());
        fields.objects(
                "refuses",
                view.facts().refused().stream().map(FleetAnswers::refused).toList());
        switch (view.state()) {
            case SET_ASIDE -> {
                fields.text("reason", view.health().lastError());
                view.health().asideSince().ifPresent(since -> fields.text("since", since));
            }
            case ON_TRIAL -> fields.text("reason", view.health().lastError());
            case UNDER_PRESSURE -> fields.text("reason", view.facts().objection());
            case DRAINED, REMOVED, READY -> {}
        }
        return fields.build();
    }

    private static Json.Members refused(Refused refused) {
        return new FieldsBuilder()
                .text("need", refused.need())
                .text("reason", refused.reason())
                .text("until", refused.until())
                .build();
    }

    /// For example `set-aside`.
    private static String stateWord(MachineView.State state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Json.Members running(MachineView.Running build) {
        var fields = new FieldsBuilder()
                .text("drv", build.drvPath())
                .text("client", build.client())
                .text("since", build.since());
        build.expectedEnd()
                .ifPresentOrElse(end -> fields.text("expectedEnd", end), () -> fields.unknown("expectedEnd"));
        return fields.build();
    }

    /// @param now  from which the times in it are counted
    /// @param rows so many of those that wait are told, the first ones
    static Json.Members queue(BuildQueue.Snapshot snapshot, long rows, Instant now) {
        return new FieldsBuilder()
                .text("now", now)
                .number("waiting", snapshot.waiting().size())
                .objects(
                        "builds",
                        snapshot.waiting().stream()
                                .limit(rows)
                                .map(standing -> waiting(standing, now))
                                .toList())
                .build();
    }

    private static Json.Members waiting(QueuePosition standing, Instant now) {
        var request = standing.build().request();
        var fields = new FieldsBuilder()
                .number("place", standing.place())
                .number("of", standing.of())
                .text("drv", request.drvPath())
                .text("client", request.client().name())
                .number("priority", request.client().priority())
                .text("system", request.platform())
                .texts("features", request.requiredFeatures())
                .text("since", standing.build().since());
        var until = standing.untilExpected();
        // Left out where none of its machines takes builds now.
        if (until.compareTo(QueuePosition.UNKNOWN) >= 0) return fields.build();
        if (standing.isMeasured())
            fields.text("expectedStart", now.plus(until)).decimal("untilExpected", seconds(until));
        else fields.unknown("expectedStart").unknown("untilExpected");
        return fields.build();
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }

    /// @param unread  inputs of which not even the paths are known
    /// @param waiting builds that wait already
    static Json.Members explanation(Explanation explanation, Prospect prospect, int unread, int waiting) {
        var request = explanation.request();
        var resources = new FieldsBuilder();
        request.resources().forEach(resources::number);
        var fields = new FieldsBuilder();
        if (request.work().isMeasured())
            fields.decimal("expected", seconds(request.work().expected()));
        else fields.unknown("expected");
        return fields.text("drv", request.drvPath())
                .text("system", request.platform())
                .texts("features", request.requiredFeatures())
                .text("chosen", explanation.chosen())
                .flag("possible", explanation.isPossible())
                .number("waiting", waiting)
                .flag("expectedKnown", request.work().known())
                .object(
                        "inputs",
                        new FieldsBuilder()
                                .number("paths", prospect.inputs())
                                .number("bytes", request.inputs().bytes())
                                .number("unknown", prospect.unknown() + unread)
                                .build())
                .object("resources", resources.build())
                .objects(
                        "machines",
                        explanation.choices().stream()
                                .map(choice -> choice(choice, explanation))
                                .toList())
                .build();
    }

    private static Json.Members choice(Explanation.Choice choice, Explanation explanation) {
        boolean chosen = explanation.chosen().equals(Optional.of(choice.machine()));
        var fields = new FieldsBuilder()
                .text("name", choice.machine())
                .text(
                        "verdict",
                        chosen
                                ? "chosen"
                                : choice.unfit().isPresent()
                                        ? "never"
                                        : choice.notNow().isPresent() ? "not-now" : "not-best")
                .text("reason", choice.unfit().or(choice::notNow));
        choice.placement().ifPresent(placement -> points(placement, fields));
        choice.placement()
                .ifPresent(placement -> fields.number("copyBytes", placement.copyBytes())
                        .flag("spared", placement.spared())
                        .number("slotsTaken", placement.slotsTaken())
                        .number("slots", placement.slots())
                        .decimal("speed", placement.speed()));
        return fields.build();
    }

    private static void points(Placement placement, FieldsBuilder fields) {
        point("untilStart", placement.untilStart(), placement.isStartMeasured(), fields);
        fields.decimal("copy", placement.copy());
        point("build", placement.build(), placement.isBuildMeasured(), fields);
        point("finish", placement.finish(), placement.isFinishMeasured(), fields);
        point("score", placement.score(), placement.isFinishMeasured(), fields);
    }

    private static void point(String name, double seconds, boolean measured, FieldsBuilder fields) {
        if (measured) fields.decimal(name, seconds);
        else fields.unknown(name);
    }
}
