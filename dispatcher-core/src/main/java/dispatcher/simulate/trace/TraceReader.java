package dispatcher.simulate.trace;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import dispatcher.simulate.model.Client;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Outage;
import dispatcher.simulate.model.Scenario;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;

/// Reads traces line by line. `docs/SIMULATOR.md` describes the format. Confined to one thread, used once.
public final class TraceReader {
    static final int VERSION = 1;
    private static final double BANDWIDTH = 100e6;
    private static final Duration LATENCY = Duration.ofMillis(1);

    private final String name;
    private final Map<String, Client> clients = new LinkedHashMap<>();
    private final List<Host> hosts = new ArrayList<>();
    private final TreeMap<String, Long> paths = new TreeMap<>();
    private final List<Job> jobs = new ArrayList<>();
    private final List<Outage> outages = new ArrayList<>();
    private OptionalDouble uplink = OptionalDouble.empty();
    private int line;
    private boolean begun;

    /// @param name of the scenario, for people
    public TraceReader(String name) {
        this.name = name;
    }

    /// Takes the next line; an empty one is passed over.
    ///
    /// @throws TraceException if something in it is not as it should be
    public void line(String text) {
        line++;
        if (text.isBlank()) return;
        try (var entry = entry(text)) {
            if (!begun) begin(entry);
            else if (entry.has("machine")) hosts.add(host(entry));
            else if (entry.has("client") && !entry.has("build")) client(entry);
            else if (entry.has("path")) path(entry);
            else if (entry.has("build")) jobs.add(job(entry));
            else if (entry.has("outage")) outages.add(outage(entry));
            else if (entry.has("uplink"))
                uplink = entry.positive("uplink").map(OptionalDouble::of).orElseThrow();
            else
                throw entry.fault("the line is about nothing known: no machine, client, path, build, outage or uplink");
        } catch (IllegalArgumentException e) {
            throw new TraceException(line, String.valueOf(e.getMessage()));
        }
    }

    private Entry entry(String text) {
        try {
            if (Json.parse(text) instanceof ObjectNode members) return new Entry(line, members);
        } catch (JsonSyntaxException e) {
            throw new TraceException(line, String.valueOf(e.getMessage()));
        }
        throw new TraceException(line, "the line is no JSON object");
    }

    private void begin(Entry entry) {
        if (!entry.has("trace")) throw entry.fault("no trace: it begins with {\"trace\":\"dispatcher\",\"version\":1}");
        entry.text("trace");
        int version = entry.number("version", 0);
        if (version != VERSION)
            throw entry.fault("version %d of traces; this program reads version %d".formatted(version, VERSION));
        begun = true;
    }

    private void client(Entry entry) {
        var client = new Client(
                entry.text("client"), entry.number("priority", 0), entry.number("maxParallel", Integer.MAX_VALUE));
        if (clients.put(client.name(), client) != null)
            throw entry.fault("client '%s' is there twice, or comes after its first build".formatted(client.name()));
    }

    private void path(Entry entry) {
        var path = entry.text("path");
        if (paths.put(path, entry.count("bytes", 0)) != null)
            throw entry.fault("path '%s' is there twice".formatted(path));
    }

    private static Host host(Entry entry) {
        var machine = entry.text("machine");
        double speedFactor = entry.positive("speedFactor").orElse(1.0);
        return new Host(
                new Machine(
                                machine,
                                new MachineAddress(
                                        machine, MachineAddress.SSH_PORT, "nix", Optional.empty(), Optional.empty()),
                                MachineProtocol.SSH_NG,
                                new TreeSet<>(entry.texts("systems")),
                                entry.number("maxJobs", 1),
                                speedFactor,
                                new TreeSet<>(entry.texts("supportedFeatures")),
                                new TreeSet<>(entry.texts("mandatoryFeatures")))
                        .withResources(entry.amounts("resources")),
                entry.positive("speed").orElse(speedFactor),
                entry.positive("bandwidth").orElse(BANDWIDTH),
                entry.optionalSeconds("latency").orElse(LATENCY),
                new TreeSet<>(entry.texts("holds")));
    }

    private Job job(Entry entry) {
        var client = entry.text("client");
        clients.computeIfAbsent(client, Client::of);
        var id = entry.text("build");
        return new Job(
                id,
                entry.optionalText("name").orElse(id),
                client,
                entry.optionalSeconds("asked").orElse(Duration.ZERO),
                entry.text("system"),
                new TreeSet<>(entry.texts("features")),
                entry.seconds("work"),
                entry.optionalSeconds("estimate"),
                entry.texts("needs"),
                entry.texts("inputs"),
                entry.count("output", 0),
                entry.amounts("resources"));
    }

    private static Outage outage(Entry entry) {
        return new Outage(entry.text("outage"), entry.seconds("from"), entry.seconds("length"));
    }

    /// The scenario, after the last line.
    ///
    /// @throws TraceException if what the lines say does not go together
    public Scenario scenario() {
        if (!begun) throw new TraceException(0, "the trace is empty");
        try {
            return new Scenario(name, List.copyOf(clients.values()), hosts, paths, jobs, outages, uplink);
        } catch (IllegalArgumentException e) {
            throw new TraceException(0, String.valueOf(e.getMessage()));
        }
    }
}
