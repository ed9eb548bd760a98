package dispatcher.bench;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.StorePath;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/// Machines and builds of a large and mixed site: three systems, features, speeds from 1 to 8, declared resources, 16
/// clients of three priorities, builds of a second to hours. The same for the same generator.
final class Population {
    private static final long GIB = 1L << 30;
    private static final List<String> SYSTEMS = List.of("x86_64-linux", "aarch64-linux", "aarch64-darwin");
    private static final int CLIENTS = 16;

    private final RandomGenerator random;
    private final int machines;
    private final List<Client> clients = new ArrayList<>();
    private long number;

    Population(int machines, RandomGenerator random) {
        this.machines = machines;
        this.random = random;
        for (int i = 0; i < CLIENTS; i++) clients.add(new Client("client-" + i, i % 3, i % 4 == 0 ? 500 : 1_000_000));
    }

    // ---- machines

    /// In the order of their names, `m0` on.
    List<Machine> machines() {
        var all = new ArrayList<Machine>();
        for (int i = 0; i < machines; i++) all.add(machine(i));
        return all;
    }

    /// The first ones are fit for everything between them, however few there are.
    private Machine machine(int index) {
        var system = index < SYSTEMS.size() ? SYSTEMS.get(index) : system();
        boolean plain = index >= SYSTEMS.size() && random.nextInt(3) > 0;
        boolean kvm = !plain && (index < SYSTEMS.size() || random.nextBoolean());
        var features = plain
                ? List.<String>of()
                : kvm ? List.of("big-parallel", "kvm", "nixos-test") : List.of("big-parallel");
        boolean gpu = index < SYSTEMS.size() || random.nextInt(50) == 0;
        var name = "m" + index;
        return new Machine(
                        name,
                        new MachineAddress(name, MachineAddress.SSH_PORT, "nix", Optional.empty(), Optional.empty()),
                        MachineProtocol.SSH_NG,
                        new TreeSet<>(List.of(system)),
                        random.nextInt(1, 9),
                        random.nextInt(1, 9),
                        new TreeSet<>(features),
                        new TreeSet<>())
                .withResources(resources(gpu));
    }

    private SortedMap<String, Long> resources(boolean gpu) {
        var resources = new TreeMap<String, Long>();
        if (gpu) resources.put("gpu", 2L);
        if (random.nextInt(3) == 0) resources.put(Machine.MEMORY, 32 * GIB << random.nextInt(3));
        return resources;
    }

    private String system() {
        int part = random.nextInt(10);
        return SYSTEMS.get(part < 7 ? 0 : part < 9 ? 1 : 2);
    }

    // ---- builds

    BuildRequest build() {
        var seconds = Math.min(7200, 60 * Math.exp(1.2 * random.nextGaussian()));
        var expected = Duration.ofMillis((long) (1000 * seconds));
        var work = random.nextInt(5) == 0
                ? Work.UNKNOWN
                : new Work(expected, true, expected.multipliedBy(random.nextInt(1, 10)));
        return new BuildRequest(path(), system(), features())
                .withClient(client())
                .withWork(work)
                .withInputs(inputs())
                .withResources(takes());
    }

    private StorePath path() {
        return StorePath.of(("%032d").formatted(number), "package-" + number++ + ".drv");
    }

    private TreeSet<String> features() {
        int part = random.nextInt(20);
        return new TreeSet<>(part == 0 ? List.of("kvm") : part < 4 ? List.of("big-parallel") : List.of());
    }

    private Client client() {
        return clients.get(Math.min(random.nextInt(CLIENTS), random.nextInt(CLIENTS)));
    }

    private Inputs inputs() {
        long bytes = random.nextLong(1_000_000_000);
        Map<String, Long> present = new HashMap<>();
        for (int i = random.nextInt(4); i > 0; i--)
            present.put("m" + random.nextInt(machines), random.nextLong(bytes + 1));
        return new Inputs(bytes, present);
    }

    private SortedMap<String, Long> takes() {
        var resources = new TreeMap<String, Long>();
        if (random.nextInt(10) == 0) resources.put(Machine.MEMORY, 2 * GIB << random.nextInt(4));
        else if (random.nextInt(100) == 0) resources.put("gpu", 1L);
        return resources;
    }
}
