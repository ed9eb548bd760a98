package dispatcher.simulate.trace;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.nix.json.Json;
import dispatcher.simulate.model.Client;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Outage;
import dispatcher.simulate.model.Scenario;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Stream;

/// The lines of traces, without line ends; [TraceReader] reads them.
public final class TraceWriter {
    private TraceWriter() {}

    /// The first line of each trace.
    public static String head() {
        return new Line()
                .text("trace", "dispatcher")
                .number("version", TraceReader.VERSION)
                .print();
    }

    /// All lines of a scenario.
    public static Stream<String> lines(Scenario scenario) {
        return Stream.of(
                        Stream.of(head()),
                        scenario.uplink().stream()
                                .mapToObj(rate ->
                                        new Line().number("uplink", rate).print()),
                        scenario.hosts().stream().map(TraceWriter::machine),
                        scenario.clients().stream().map(TraceWriter::client),
                        scenario.paths().entrySet().stream().map(path -> path(path.getKey(), path.getValue())),
                        scenario.outages().stream().map(TraceWriter::outage),
                        scenario.jobs().stream().map(TraceWriter::build))
                .flatMap(lines -> lines);
    }

    public static String machine(Host host) {
        var machine = host.machine();
        return new Line()
                .text("machine", machine.name())
                .texts("systems", machine.systems())
                .number("maxJobs", machine.maxJobs())
                .number("speedFactor", machine.speedFactor())
                .number("speed", host.speed())
                .texts("supportedFeatures", machine.supportedFeatures())
                .texts("mandatoryFeatures", machine.mandatoryFeatures())
                .number("bandwidth", host.bandwidth())
                .seconds("latency", host.latency())
                .amounts("resources", machine.resources())
                .texts("holds", host.holds())
                .print();
    }

    public static String client(Client client) {
        return new Line()
                .text("client", client.name())
                .number("priority", client.priority())
                .number("maxParallel", client.maxParallel())
                .print();
    }

    public static String path(String path, long bytes) {
        return new Line().text("path", path).number("bytes", bytes).print();
    }

    public static String outage(Outage outage) {
        return new Line()
                .text("outage", outage.machine())
                .seconds("from", outage.from())
                .seconds("length", outage.length())
                .print();
    }

    public static String build(Job job) {
        var line = new Line()
                .text("build", job.id())
                .text("name", job.name())
                .text("client", job.client())
                .seconds("asked", job.asked())
                .text("system", job.platform())
                .texts("features", job.features())
                .seconds("work", job.work())
                .texts("needs", job.needs())
                .texts("inputs", job.inputs())
                .number("output", job.outputBytes())
                .amounts("resources", job.resources());
        job.estimate().ifPresent(estimate -> line.seconds("estimate", estimate));
        return line.print();
    }

    /// One object. What is empty is left out.
    private static final class Line {
        private final ObjectNode members = Json.object();

        Line text(String name, String text) {
            members.put(name, text);
            return this;
        }

        Line number(String name, long number) {
            members.put(name, number);
            return this;
        }

        Line number(String name, double number) {
            members.put(name, shortest(BigDecimal.valueOf(number)));
            return this;
        }

        Line seconds(String name, Duration duration) {
            members.put(name, shortest(BigDecimal.valueOf(duration.toNanos(), 9)));
            return this;
        }

        private static BigDecimal shortest(BigDecimal number) {
            return number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
        }

        Line texts(String name, Collection<String> texts) {
            if (!texts.isEmpty()) members.set(name, Json.texts(texts));
            return this;
        }

        Line amounts(String name, Map<String, Long> amounts) {
            if (!amounts.isEmpty()) amounts.forEach(members.putObject(name)::put);
            return this;
        }

        String print() {
            return Json.print(members);
        }
    }
}
