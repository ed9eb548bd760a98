package dispatcher.cli.history;

import dispatcher.cli.control.ControlHandler;
import dispatcher.cli.control.Fields;
import dispatcher.history.Estimate;
import dispatcher.history.History;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.attributes.PackageName;
import dispatcher.nix.json.Json;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What can be asked about the history.
///
/// Shapes: `{"command":"history","name":…}`, where `name` may be left out, gives
/// `{"packages":[{"name":…,"system":…,"builds":…,"lastSeen":…,"medianSeconds":…,"highSeconds":…,"samples":…,"peakMemory":…,
/// "outputBytes":…,"remainingSeconds":…},…],"allPackages":…,"machines":[{"name":…,"configuredSpeed":…,"speed":…,
/// "measurements":…,"bandwidth":…},…]}`, members that are not known left out, and the first 10,000 packages at most;
/// `{"command":"history-forget","name":…}` gives `{"forgotten":true}`, or false if nothing was known.
public record HistoryRequests(History history) {
    private static final String SHOW = "history";
    private static final String FORGET = "history-forget";
    private static final int MOST_LISTED = 10_000;

    /// By their names.
    public Map<String, ControlHandler> handlers() {
        return Map.of(SHOW, this::show, FORGET, this::forget);
    }

    static Json.Members showRequest() {
        return new Json.Members(Map.of("command", new Json.Text(SHOW)));
    }

    static Json.Members showRequest(PackageName name) {
        return request(SHOW, name);
    }

    static Json.Members forgetRequest(PackageName name) {
        return request(FORGET, name);
    }

    private static Json.Members request(String command, PackageName name) {
        return new Json.Members(Map.of("command", new Json.Text(command), "name", new Json.Text(name.text())));
    }

    private Json.Members show(Fields request) {
        var packages = history.packages();
        var wanted = request.members().get("name").isPresent()
                ? packages.stream()
                        .filter(line -> line.name().equals(name(request)))
                        .toList()
                : packages;
        return new Json.Members(Map.of(
                "packages", elements(wanted.stream().limit(MOST_LISTED).map(HistoryRequests::json)),
                "allPackages", number(wanted.size()),
                "machines", elements(history.machines().stream().map(HistoryRequests::json))));
    }

    private Json.Members forget(Fields request) {
        return new Json.Members(Map.of("forgotten", new Json.Bool(history.forget(name(request)))));
    }

    private static PackageName name(Fields request) {
        try {
            return new PackageName(request.text("name"));
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static Json json(History.PackageLine line) {
        var members = new HashMap<String, Json>(Map.of(
                "name", new Json.Text(line.name().text()),
                "system", new Json.Text(line.system()),
                "builds", number(line.builds()),
                "lastSeen", new Json.Text(line.lastSeen().toString())));
        line.estimate().ifPresent(estimate -> {
            members.put("medianSeconds", seconds(estimate.median()));
            members.put("highSeconds", seconds(estimate.high()));
            members.put("samples", number(estimate.samples()));
            members.put("remainingSeconds", seconds(estimate.median().plus(line.behind())));
        });
        put(members, "peakMemory", line.estimate().map(Estimate::peakMemory).orElse(OptionalLong.empty()));
        put(members, "outputBytes", line.outputBytes());
        return new Json.Members(members);
    }

    private static Json json(History.MachineLine line) {
        var members = new HashMap<String, Json>(Map.of(
                "name", new Json.Text(line.name()),
                "configuredSpeed", decimal(line.configured()),
                "speed", decimal(line.effective()),
                "measurements", number(line.measurements())));
        put(members, "bandwidth", line.bandwidth());
        return new Json.Members(members);
    }

    private static void put(Map<String, Json> members, String name, OptionalLong value) {
        value.ifPresent(number -> members.put(name, number(number)));
    }

    private static Json elements(Stream<Json> values) {
        return new Json.Elements(values.toList());
    }

    private static Json number(long number) {
        return new Json.Numeral(Long.toString(number));
    }

    private static Json seconds(Duration duration) {
        return decimal(duration.toNanos() / 1e9);
    }

    private static Json decimal(double number) {
        return new Json.Numeral(String.format(Locale.ROOT, "%.3f", number));
    }
}
