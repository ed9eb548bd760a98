package dispatcher.simulate;

import dispatcher.simulate.model.Client;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Outage;
import dispatcher.simulate.model.Scenario;
import dispatcher.testkit.Machines;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Scenarios for tests.
public final class Scenarios {
    private static final List<String> FEATURES = List.of("big", "kvm");

    private Scenarios() {}

    /// A machine of speed 1 on a link of 1 MB/s without latency.
    public static Host host(String name, int maxJobs) {
        return Host.of(Machines.machine(name, maxJobs, 1), 1e6, Duration.ZERO);
    }

    /// Of one client, `client`.
    public static Scenario of(List<Host> hosts, Map<String, Long> paths, List<Job> jobs) {
        return with(hosts, paths, jobs, List.of());
    }

    public static Scenario with(List<Host> hosts, Map<String, Long> paths, List<Job> jobs, List<Outage> outages) {
        return new Scenario(
                "test",
                List.of(Client.of("client")),
                hosts,
                new TreeMap<>(paths),
                jobs,
                outages,
                OptionalDouble.empty());
    }

    public static Job job(String id, long seconds) {
        return Job.of(id, "client", Duration.ofSeconds(seconds));
    }

    /// Anything that is allowed: machines with features, slots, speeds and links of all kinds, graphs, outages,
    /// clients that ask for few builds at once, builds that no machine can do.
    public static Scenario any(RandomGenerator random) {
        var hosts = new ArrayList<Host>();
        for (int i = random.nextInt(1, 6); i > 0; i--)
            hosts.add(new Host(
                    Machines.machine(
                            "m" + i,
                            random.nextInt(5),
                            random.nextInt(1, 4),
                            some(random, FEATURES),
                            random.nextInt(5) == 0 ? some(random, FEATURES) : List.of()),
                    random.nextInt(1, 4),
                    random.nextInt(1, 100) * 1e5,
                    Duration.ofMillis(random.nextInt(50)),
                    new TreeSet<>(some(random, List.of("p0", "p1", "p2")))));
        var paths = new TreeMap<String, Long>();
        for (int i = 0; i < 10; i++) paths.put("p" + i, random.nextLong(10_000_000));
        var clients = List.of(new Client("a", 0, random.nextInt(1, 5)), new Client("b", random.nextInt(2), 1000));
        var jobs = IntStream.range(0, random.nextInt(1, 80))
                .mapToObj(i -> any(random, i, clients, paths))
                .toList();
        var outages = new ArrayList<Outage>();
        for (int i = random.nextInt(8); i > 0; i--)
            outages.add(new Outage(
                    hosts.get(random.nextInt(hosts.size())).name(),
                    Duration.ofSeconds(random.nextInt(600)),
                    Duration.ofSeconds(random.nextInt(1, 300))));
        var uplink = random.nextBoolean() ? OptionalDouble.of(random.nextInt(1, 100) * 1e5) : OptionalDouble.empty();
        return new Scenario("any", clients, hosts, paths, jobs, outages, uplink);
    }

    private static Job any(RandomGenerator random, int number, List<Client> clients, Map<String, Long> paths) {
        var work = Duration.ofMillis(random.nextInt(1, 100_000));
        var needs = IntStream.range(0, number)
                .filter(_ -> random.nextInt(number) < 2)
                .mapToObj(i -> "j" + i)
                .toList();
        return Job.of("j" + number, clients.get(random.nextInt(2)).name(), work)
                .named("n" + random.nextInt(1000))
                .askedAt(Duration.ofSeconds(random.nextInt(100)))
                .requiring(random.nextInt(3) == 0 ? some(random, FEATURES) : List.of())
                .estimated(random.nextInt(4) == 0 ? Optional.empty() : Optional.of(work))
                .needing(needs)
                .reading(some(random, List.copyOf(paths.keySet())))
                .leaving(random.nextInt(3) == 0 ? 0 : random.nextLong(5_000_000));
    }

    private static List<String> some(RandomGenerator random, List<String> all) {
        return all.stream().filter(_ -> random.nextInt(3) == 0).toList();
    }
}
