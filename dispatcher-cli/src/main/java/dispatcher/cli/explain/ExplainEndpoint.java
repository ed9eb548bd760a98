package dispatcher.cli.explain;

import dispatcher.build.request.Prospect;
import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.ExplainAnswer;
import dispatcher.cli.api.ExplainRequest;
import dispatcher.cli.api.Figure;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.Explanation;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.Placement;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/// Which machine a build would go to, and why, as the API has it.
///
/// @param prospects of builds that are to be explained
public record ExplainEndpoint(BuildQueue queue, Prospects prospects) {
    /// Finds out what the scheduler would know of a build.
    public interface Prospects {
        /// @throws NixSyntaxException if attributes of the derivation cannot be read
        Prospect of(StorePath drvPath, BasicDerivation derivation) throws IOException, InterruptedException;
    }

    public Endpoint endpoint() {
        return Endpoint.post(ExplainRequest.PATH, request -> explain(Question.of(request.body(ExplainRequest.class))));
    }

    /// Answers for the dispatcher, or without one for a queue in which nothing happens.
    ExplainAnswer explain(Question question) throws IOException, InterruptedException {
        Prospect prospect;
        try {
            prospect = prospects.of(question.drvPath(), question.derivation()).taking(question.resources());
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        return answer(question, queue.explain(prospect.request(), Set.of()), prospect, queue.snapshot());
    }

    private static ExplainAnswer answer(
            Question question, Explanation explanation, Prospect prospect, BuildQueue.Snapshot now) {
        var here = now.machines().stream()
                .map(MachineView::machine)
                .filter(machine -> !machine.protocol().isOverSsh())
                .map(Machine::name)
                .collect(Collectors.toSet());
        var request = explanation.request();
        var work = request.work();
        return new ExplainAnswer(
                question.drv().map(StorePath::toString),
                question.name(),
                request.platform(),
                request.requiredFeatures().stream().toList(),
                explanation.chosen(),
                explanation.isPossible(),
                now.waiting().size(),
                work.isMeasured() ? Figure.known(Decimals.seconds(work.expected())) : Figure.unknown(),
                work.known(),
                new ExplainAnswer.Inputs(
                        prospect.inputs(), request.inputs().bytes(), prospect.unknown() + (long) question.unread()),
                new TreeMap<>(request.resources()),
                explanation.choices().stream()
                        .map(choice -> choice(choice, explanation, here.contains(choice.machine())))
                        .toList());
    }

    /// @param here whether the machine is this host, whose clients never get it
    private static ExplainAnswer.Choice choice(Explanation.Choice choice, Explanation explanation, boolean here) {
        var placement = choice.placement();
        return new ExplainAnswer.Choice(
                choice.machine(),
                verdict(choice, explanation),
                choice.unfit()
                        .or(choice::notNow)
                        .or(() -> here ? Optional.of("for clients on other hosts only") : Optional.empty()),
                figure(placement, Placement::untilStart, Placement::isStartMeasured),
                figure(placement, Placement::copy, _ -> true),
                figure(placement, Placement::build, Placement::isBuildMeasured),
                figure(placement, Placement::finish, Placement::isFinishMeasured),
                figure(placement, Placement::score, Placement::isFinishMeasured),
                placement.map(Placement::copyBytes),
                placement.map(Placement::spared),
                count(placement, Placement::slotsTaken),
                count(placement, Placement::slots),
                figure(placement, Placement::speed, _ -> true),
                power(choice.boot()),
                placement
                        .filter(it -> it.boot() > 0)
                        .map(it -> Decimals.of(it.boot()))
                        .orElseGet(Figure::absent));
    }

    private static Optional<String> power(Boot boot) {
        return boot.isUp() ? Optional.empty() : Optional.of(boot.since().isPresent() ? "starting" : "off");
    }

    private static Optional<Long> count(Optional<Placement> placement, Function<Placement, Integer> count) {
        return placement.map(count).map(Integer::longValue);
    }

    private static Figure<BigDecimal> figure(
            Optional<Placement> placement, ToDoubleFunction<Placement> figure, Predicate<Placement> isMeasured) {
        if (placement.isEmpty()) return Figure.absent();
        return isMeasured.test(placement.get()) ? Decimals.of(figure.applyAsDouble(placement.get())) : Figure.unknown();
    }

    private static String verdict(Explanation.Choice choice, Explanation explanation) {
        if (explanation.chosen().equals(Optional.of(choice.machine()))) return "chosen";
        if (choice.unfit().isPresent()) return "never";
        return choice.notNow().isPresent() ? "not-now" : "not-best";
    }
}
