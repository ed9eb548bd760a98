package dispatcher.simulate.generate;

import dispatcher.simulate.model.Client;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Outage;
import dispatcher.simulate.model.Scenario;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeMap;

/// A scenario in the making, and the chance in it. Confined to one thread.
final class Draft {
    private static final double UNKNOWN = 0.1;
    private static final double NOISE = 0.15;

    final Random random;
    final List<Host> hosts;
    private final String name;
    private final List<Client> clients = new ArrayList<>();
    private final TreeMap<String, Long> paths = new TreeMap<>();
    private final List<Job> jobs = new ArrayList<>();
    private final List<Outage> outages = new ArrayList<>();

    Draft(String name, long seed, List<Mix> machines) {
        this.name = name;
        this.random = new Random(seed);
        this.hosts = Mix.hosts(machines);
    }

    void client(String client) {
        clients.add(Client.of(client));
    }

    String path(String path, long megabytes) {
        paths.put(path, megabytes * 1_000_000);
        return path;
    }

    void outage(Outage outage) {
        outages.add(outage);
    }

    void add(Job job) {
        jobs.add(job);
    }

    /// A build with a name of its own, in no order with those of others.
    Job job(String client, double seconds) {
        var id = "b" + (jobs.size() + 1);
        var work = duration(seconds);
        var letters = new StringBuilder();
        for (int i = 0; i < 6; i++) letters.append((char) ('a' + random.nextInt(26)));
        return Job.of(id, client, work).named(letters + "-" + id).estimated(estimate(work));
    }

    /// What history says of builds like this: nothing for one in ten, and about the true values for the others.
    Optional<Duration> estimate(Duration work) {
        boolean known = random.nextDouble() >= UNKNOWN;
        double factor = StrictMath.exp(random.nextGaussian() * NOISE);
        return known ? Optional.of(Duration.ofNanos(Math.round(work.toNanos() * factor))) : Optional.empty();
    }

    /// In milliseconds, above 0.
    static Duration duration(double seconds) {
        return Duration.ofMillis(Math.max(1, Math.round(seconds * 1000)));
    }

    double between(double least, double most) {
        return least + random.nextDouble() * (most - least);
    }

    /// Most are short and a few are long: the logarithms are distributed normally.
    double skewed(double median, double sigma, double most) {
        return Math.min(most, median * StrictMath.exp(random.nextGaussian() * sigma));
    }

    /// The pause before the next of those who come independently of each other.
    double gap(double mean) {
        return -mean * StrictMath.log(1 - random.nextDouble());
    }

    Scenario scenario() {
        return new Scenario(name, clients, hosts, paths, jobs, outages, OptionalDouble.empty());
    }
}
