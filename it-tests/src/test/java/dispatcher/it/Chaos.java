package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/// Builds graphs of derivations on four machines while one fault after another is injected into them, and then sees
/// whether all of it came out right and nothing was left behind. At least one machine is well at any time.
///
/// What happens when, to which machine and for how long, and what is built, follows from a seed; what that meets does
/// not.
final class Chaos implements AutoCloseable {
    private static final int MACHINES = 4;
    private static final int GRAPH = 25;
    private static final int CLIENTS = 4;

    private final Plan plan;
    private final Consumer<String> story;
    private final Random random;
    private final long begin = System.nanoTime();
    private final Fleet fleet;
    private final NixClient client;
    private final NixClient reference;
    private final DispatcherProcess dispatcher;
    private final List<String> failures = new ArrayList<>();
    private final Map<Fleet.Machine, Ailing> ailing = new HashMap<>();
    private int injected;

    /// @param seed   of all that is drawn by lot
    /// @param length for how long faults come and builds are begun
    /// @param every  the time from one fault to the next
    /// @param builds that are begun in that time, in graphs of 25
    record Plan(long seed, Duration length, Duration every, int builds) {
        int graphs() {
            return Math.ceilDiv(builds, GRAPH);
        }
    }

    private record Ailing(ChaosFault fault, long until) {}

    /// Starts machines, clients and a dispatcher.
    ///
    /// @param story gets what happens, a line at a time, from several threads
    Chaos(Plan plan, Consumer<String> story) throws Exception {
        this.plan = plan;
        this.story = story;
        this.random = new Random(plan.seed());
        this.fleet = Fleet.of(MACHINES).ownNetworks().disk("192m").start();
        try {
            this.client = NixClient.beside(fleet)
                    .timeout(plan.length().plusMinutes(5))
                    .start();
            this.reference = NixClient.beside(fleet)
                    .timeout(plan.length().plusMinutes(5))
                    .start();
            this.dispatcher = DispatcherProcess.start(fleet, settings());
        } catch (Throwable e) {
            fleet.close();
            throw e;
        }
    }

    /// Two of the machines speak the worker protocol, and two the serve protocol.
    private Path settings() throws Exception {
        Path file = DispatcherSettings.of(fleet)
                .set("ssh", "{keepAlive: 1s}")
                .set(
                        "timeouts",
                        "{connect: 4s, handshake: 8s, silentConnection: 6s, checkBeforeBuild: 2s, waitForMachine: 1m,"
                                + " drain: 20s}")
                .write("chaos");
        String text = Files.readString(file);
        int half = text.indexOf("- name: builder-3");
        return Files.writeString(
                file, text.substring(0, half) + text.substring(half).replace("protocol: ssh-ng", "protocol: ssh"));
    }

    /// Runs all of it.
    ///
    /// @return what is not as it should be; empty if all is well
    List<String> run() throws Exception {
        tell("seed %d: %s, a fault every %s, %d builds"
                .formatted(plan.seed(), plan.length(), plan.every(), plan.builds()));
        ChaosAudit audit = new ChaosAudit(fleet, client, dispatcher);
        audit.before();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> building = threads.submit(() -> {
                buildAll();
                return null;
            });
            injectFaults(building);
            building.get();
        }
        failures.addAll(audit.after());
        tell("%d faults; %s".formatted(injected, audit.summary()));
        return List.copyOf(failures);
    }

    private void tell(String line) {
        story.accept("%7.1f s  %s".formatted((System.nanoTime() - begin) / 1e9, line));
    }

    // ---- faults

    private void injectFaults(Future<?> building) throws Exception {
        long end = begin + plan.length().toNanos();
        long next = System.nanoTime() + plan.every().toNanos();
        while (System.nanoTime() < end && !building.isDone()) {
            repair(System.nanoTime());
            if (System.nanoTime() >= next) {
                next += plan.every().toNanos();
                inject();
            }
            Thread.sleep(100);
        }
        repair(Long.MAX_VALUE);
    }

    /// One machine is always left alone.
    private void inject() throws Exception {
        List<ChaosFault> faults = List.of(ChaosFault.values());
        ChaosFault fault = faults.get(random.nextInt(faults.size()));
        List<Fleet.Machine> well = fleet.machines().stream()
                .filter(machine -> !ailing.containsKey(machine))
                .toList();
        Fleet.Machine machine = well.get(random.nextInt(well.size()));
        Duration length = Duration.ofMillis(
                500 + random.nextInt(Math.toIntExact(plan.every().toMillis() * 5 / 2)));
        if (well.size() < 2) {
            return;
        }
        tell("%s: %s, for %.1f s".formatted(machine.name(), fault.words(), length.toMillis() / 1e3));
        injected++;
        ailing.put(machine, new Ailing(fault, System.nanoTime() + length.toNanos()));
        fault.inject(machine);
    }

    private void repair(long now) throws Exception {
        for (Fleet.Machine machine : fleet.machines()) {
            Ailing state = ailing.get(machine);
            if (state != null && state.until() <= now) {
                state.fault().repair(machine);
                ailing.remove(machine);
                tell("%s: repaired (%s)".formatted(machine.name(), state.fault().words()));
            }
        }
    }

    // ---- builds

    /// Each graph goes to the dispatcher in one of the protocols, and is built once more by the reference, by itself.
    private void buildAll() throws Exception {
        String line = dispatcher.builders();
        List<String> ways = List.of(line, line.replaceFirst("^ssh-ng:", "ssh:"));
        Deque<Callable<Void>> graphs = new ArrayDeque<>();
        for (int graph = 0; graph < plan.graphs(); graph++) {
            int number = graph;
            graphs.add(() -> {
                build(number, ways.get(number % ways.size()));
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
            List<Future<Void>> running = new ArrayList<>();
            while (!graphs.isEmpty()) {
                long due = begin + plan.length().toNanos() * (plan.graphs() - graphs.size()) / plan.graphs();
                Thread.sleep(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
                running.add(threads.submit(graphs.remove()));
            }
            for (Future<Void> graph : running) {
                graph.get();
            }
        }
    }

    private void build(int graph, String builders) throws Exception {
        String[] arguments = {"n", Integer.toString(GRAPH), "salt", plan.seed() + "-" + graph};
        Result built = client.buildCommand("chaos", arguments)
                .with("--builders", builders)
                .run();
        Result wanted = reference
                .buildCommand("chaos", arguments)
                .with("--builders", "", "--max-jobs", "8")
                .run()
                .orFail();
        if (!built.succeeded()) {
            wrong("graph %d failed: %s".formatted(graph, built));
            return;
        }
        List<String> got = contents(client, built.lines());
        List<String> local = contents(reference, wanted.lines());
        if (!got.equals(local)) {
            wrong("graph %d has other outputs than a local build:%s"
                    .formatted(graph, differences(wanted.lines(), got, local)));
            return;
        }
        tell("graph %d: %d builds, all as they should be, in %.1f s"
                .formatted(graph, GRAPH, built.took().toMillis() / 1e3));
    }

    private static String differences(List<String> paths, List<String> got, List<String> local) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < paths.size(); i++) {
            if (!got.get(i).equals(local.get(i))) {
                text.append("%n  %s: %s, built locally: %s".formatted(paths.get(i), got.get(i), local.get(i)));
            }
        }
        return text.toString();
    }

    /// The NAR hash and NAR size of each path.
    private static List<String> contents(NixClient in, List<String> paths) throws Exception {
        List<String> hashes = query(in, "--hash", paths);
        List<String> sizes = query(in, "--size", paths);
        List<String> contents = new ArrayList<>();
        for (int i = 0; i < paths.size(); i++) {
            contents.add("%s (NAR size %s)".formatted(hashes.get(i), sizes.get(i)));
        }
        return contents;
    }

    /// One line for each path.
    private static List<String> query(NixClient in, String what, List<String> paths) throws Exception {
        List<Object> words = new ArrayList<>(Arrays.asList("nix-store", "--query", what));
        words.addAll(paths);
        return in.run(words.toArray()).orFail().lines();
    }

    private synchronized void wrong(String what) {
        failures.add(what);
        tell("WRONG: " + what);
    }

    /// All that the dispatcher has written.
    String dispatcherLog() {
        return dispatcher.log();
    }

    @Override
    public void close() throws IOException {
        try (fleet) {
            dispatcher.close();
        }
    }
}
