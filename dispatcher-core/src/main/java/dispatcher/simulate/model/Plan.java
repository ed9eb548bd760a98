package dispatcher.simulate.model;

import dispatcher.graph.CompactDependencies;
import dispatcher.graph.Dependencies;
import dispatcher.nix.StorePath;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.SchedulingKey;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A scenario with numbers instead of names: builds, machines, clients and paths count from 0 in the scenario's order;
/// the paths are its own, and after them the output of each build.
///
/// Immutable, though for speed it hands out arrays, which nobody may change.
public final class Plan {
    private static final int MAX_NAME = 200;

    private final Scenario scenario;
    private final int[][] needs;
    private final CompactDependencies graph;
    private final int[][] dependants;
    private final int[][] inputs;
    private final int[] clients;
    private final int[] order;
    private final long[] bytes;
    private final BitSet[] fitting;
    private final BitSet[] held;

    public Plan(Scenario scenario) {
        this.scenario = scenario;
        int count = scenario.jobs().size();
        var ids = numbers(scenario.jobs().stream().map(Job::id));
        var paths = numbers(scenario.paths().keySet().stream());
        var names = numbers(scenario.clients().stream().map(Client::name));
        this.bytes = Arrays.copyOf(
                scenario.paths().values().stream().mapToLong(Long::longValue).toArray(), paths.size() + count);
        this.needs = new int[count][];
        this.inputs = new int[count][];
        this.clients = new int[count];
        this.order = Order.of(scenario.jobs());
        for (int number = 0; number < count; number++) {
            var job = scenario.jobs().get(number);
            bytes[paths.size() + number] = job.outputBytes();
            needs[number] = indexes(ids, job.needs());
            inputs[number] = Arrays.copyOf(
                    indexes(paths, job.inputs()),
                    job.inputs().size() + job.needs().size());
            for (int i = 0; i < needs[number].length; i++)
                inputs[number][job.inputs().size() + i] = paths.size() + needs[number][i];
            clients[number] = names.getOrDefault(job.client(), 0);
        }
        this.graph = CompactDependencies.of(needs);
        this.dependants = IntStream.range(0, count).mapToObj(graph::dependants).toArray(int[][]::new);
        this.fitting = fitting(scenario);
        this.held = scenario.hosts().stream()
                .map(host -> bits(indexes(paths, List.copyOf(host.holds()))))
                .toArray(BitSet[]::new);
    }

    private static Map<String, Integer> numbers(Stream<String> names) {
        var numbers = new HashMap<String, Integer>();
        names.forEachOrdered(name -> numbers.put(name, numbers.size()));
        return numbers;
    }

    private static int[] indexes(Map<String, Integer> numbers, List<String> names) {
        return names.stream().mapToInt(name -> numbers.getOrDefault(name, -1)).toArray();
    }

    private static BitSet bits(int[] indexes) {
        var bits = new BitSet();
        for (int index : indexes) bits.set(index);
        return bits;
    }

    private static BitSet[] fitting(Scenario scenario) {
        var known = new HashMap<SchedulingKey, BitSet>();
        return scenario.jobs().stream()
                .map(job ->
                        new SchedulingKey(job.platform(), job.features(), job.resources(), Optional.empty(), Set.of()))
                .map(need -> known.computeIfAbsent(need, _ -> fitting(scenario.hosts(), need)))
                .toArray(BitSet[]::new);
    }

    private static BitSet fitting(List<Host> hosts, SchedulingKey need) {
        var fitting = new BitSet();
        for (int host = 0; host < hosts.size(); host++)
            if (Fitness.objection(hosts.get(host).machine(), need).isEmpty()) fitting.set(host);
        return fitting;
    }

    /// A store path for a build, which has none of its own.
    public StorePath drvPath(int job) {
        var name = job(job).name().replaceAll("[^0-9A-Za-z+._?=-]", "-");
        return StorePath.of("%032d".formatted(job), name.substring(0, Math.min(name.length(), MAX_NAME)) + ".drv");
    }

    public Scenario scenario() {
        return scenario;
    }

    public int jobs() {
        return needs.length;
    }

    public int hosts() {
        return held.length;
    }

    public Job job(int number) {
        return scenario.jobs().get(number);
    }

    public Host host(int number) {
        return scenario.hosts().get(number);
    }

    /// Whose build it is.
    public int client(int job) {
        return clients[job];
    }

    /// Which builds need which.
    public Dependencies graph() {
        return graph;
    }

    /// The builds whose outputs it needs.
    public int[] needs(int job) {
        return needs[job];
    }

    /// The builds that need its output.
    public int[] dependants(int job) {
        return dependants[job];
    }

    /// All paths that must be on its machine.
    public int[] inputs(int job) {
        return inputs[job];
    }

    /// The path of its output.
    public int output(int job) {
        return scenario.paths().size() + job;
    }

    /// How many paths there are, outputs and all.
    public int paths() {
        return bytes.length;
    }

    public long bytes(int path) {
        return bytes[path];
    }

    /// The machines that could do it; not to be changed.
    public BitSet fitting(int job) {
        return fitting[job];
    }

    /// The paths that a machine has at the start.
    public BitSet held(int host) {
        return (BitSet) held[host].clone();
    }

    /// All builds, each after those that it needs.
    public int[] order() {
        return order.clone();
    }
}
