package dispatcher.cli.history;

import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.ForgetRequest;
import dispatcher.cli.api.HistoryAnswer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.history.Estimate;
import dispatcher.history.History;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.attributes.PackageName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The history, as the API has it.
public record HistoryEndpoints(History history) {
    /// The parameter that names one package.
    static final String NAME = "name";

    private static final int MOST_LISTED = 10_000;

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                        HistoryAnswer.PATH,
                        request -> show(request.parameter(NAME).map(HistoryEndpoints::name))),
                Endpoint.post(
                        ForgetRequest.PATH,
                        request -> forget(name(request.body(ForgetRequest.class).name()))));
    }

    private static PackageName name(String text) {
        try {
            return new PackageName(text);
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /// @param name only this package, on all systems
    HistoryAnswer show(Optional<PackageName> name) {
        var packages = history.packages().stream()
                .filter(line -> name.map(line.name()::equals).orElse(true))
                .toList();
        return new HistoryAnswer(
                packages.stream().limit(MOST_LISTED).map(HistoryEndpoints::line).toList(),
                packages.size(),
                history.machines().stream().map(HistoryEndpoints::line).toList());
    }

    ForgetRequest.Answer forget(PackageName name) {
        return new ForgetRequest.Answer(history.forget(name));
    }

    private static HistoryAnswer.PackageLine line(History.PackageLine line) {
        var estimate = line.estimate();
        return new HistoryAnswer.PackageLine(
                line.name().text(),
                line.system(),
                line.builds(),
                line.lastSeen(),
                estimate.map(Estimate::median).map(Decimals::fixedSeconds),
                estimate.map(Estimate::high).map(Decimals::fixedSeconds),
                estimate.map(known -> (long) known.samples()),
                estimate.map(known -> known.median().plus(line.behind())).map(Decimals::fixedSeconds),
                estimate.flatMap(known -> boxed(known.peakMemory())),
                boxed(line.outputBytes()));
    }

    private static HistoryAnswer.MachineLine line(History.MachineLine line) {
        return new HistoryAnswer.MachineLine(
                line.name(),
                Decimals.fixed(line.configured()),
                Decimals.fixed(line.effective()),
                line.measurements(),
                boxed(line.bandwidth()));
    }

    private static Optional<Long> boxed(OptionalLong value) {
        return value.isPresent() ? Optional.of(value.getAsLong()) : Optional.empty();
    }
}
