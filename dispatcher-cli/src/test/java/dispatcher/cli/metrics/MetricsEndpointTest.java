package dispatcher.cli.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineHealth;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StoreDir;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.store.spool.SpoolStatus;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MetricsEndpointTest {
    private static final Pattern METRIC = Pattern.compile("\\b(?:dispatcher|jvm|process)_[a-z_]+\\b");
    private static final Pattern SAMPLE = Pattern.compile(
            "[a-z_]+(\\{[a-z]+=\"(?:[^\"\\\\]|\\\\.)*\"(,[a-z]+=\"(?:[^\"\\\\]|\\\\.)*\")*})? (\\+Inf|NaN|-?[0-9.E+-]+)");
    private static final Path DASHBOARD = Path.of("../config/grafana-dashboard.json");
    private static final Path ALERTS = Path.of("../config/alerts.yaml");

    private final ManualClock clock = new ManualClock();
    private final EventCounts counts = new EventCounts();

    private BuildQueue queue(Machine... machines) {
        return new BuildQueue(List.of(machines), SchedulerOptions.DEFAULT, clock);
    }

    private String scrape(BuildQueue queue, MachineLink... links) {
        return new MetricsEndpoint(queue, counts, () -> List.of(links), () -> new SpoolStatus(2, 300, 100, 1000), clock)
                .text();
    }

    private static void wants(BuildQueue queue, String name, String system, String... features) {
        queue.submit(
                new BuildRequest(FakeStore.path(name + ".drv"), system, new TreeSet<>(List.of(features))), Set.of());
    }

    private static Set<String> names(String scrape) {
        var names = new HashSet<String>();
        scrape.lines().filter(line -> line.startsWith("# TYPE ")).forEach(line -> {
            var words = line.split(" ", -1);
            names.add(words[2]);
            if (words[3].equals("histogram"))
                for (var suffix : List.of("_bucket", "_sum", "_count")) names.add(words[2] + suffix);
        });
        return names;
    }

    @Test
    void buildsThatNoMachineTakesNowAreApartFromThoseThatWaitForASlot() {
        var queue = queue(Machines.machine("a", 1, 1), Machines.machine("b", 1, 1, List.of("kvm"), List.of()));
        queue.update(MachineSnapshot.asConfigured(Machines.machine("b", 1, 1, List.of("kvm"), List.of()))
                .withHealth(MachineHealth.GOOD.failed(Instant.EPOCH, "no route")));
        for (var name : List.of("one", "two", "three")) wants(queue, name, "x86_64-linux");
        wants(queue, "vm", "x86_64-linux", "kvm");

        assertThat(scrape(queue).lines())
                .contains(
                        "dispatcher_queue_builds{system=\"x86_64-linux\",features=\"\"} 2",
                        "dispatcher_queue_unplaceable_builds{system=\"x86_64-linux\",features=\"\"} 0",
                        "dispatcher_queue_builds{system=\"x86_64-linux\",features=\"kvm\"} 1",
                        "dispatcher_queue_unplaceable_builds{system=\"x86_64-linux\",features=\"kvm\"} 1",
                        "dispatcher_machine_slots{machine=\"a\"} 1",
                        "dispatcher_machine_slots{machine=\"b\"} 0",
                        "dispatcher_machine_slots_taken{machine=\"a\"} 1",
                        "dispatcher_machine_state{machine=\"b\",state=\"set-aside\"} 1",
                        "dispatcher_machine_state{machine=\"b\",state=\"ready\"} 0",
                        "dispatcher_spool_bytes 300");
    }

    @Test
    void whatHappenedIsCounted() {
        var drv = Samples.DRV;
        counts.clientConnected(1, "ci");
        counts.buildRequested(1, 1, drv, Samples.DERIVATION);
        counts.buildAlone(1, drv, Duration.ofSeconds(4));
        counts.buildAssigned(1, drv, "a", "it is free", Duration.ofSeconds(10));
        counts.inputsCopied(1, drv, "a", 3, 5000, Duration.ofMillis(200));
        counts.buildLost(1, drv, "a", "power failure");
        counts.buildAssigned(1, drv, "b", "it is free", Duration.ofMillis(50));
        counts.buildEnded(1, drv, "b", BuildStatus.BUILT, "", Duration.ofHours(20));
        counts.outputSent(1, Samples.OUT, "b", 700, Duration.ofSeconds(1));
        counts.buildRefused(2, drv, "no machine");
        counts.buildMoved(3, drv, "a", "root", "it hangs");
        counts.buildCancelled(3, drv, "root", "wrong branch");

        assertThat(scrape(queue()).lines())
                .contains(
                        "dispatcher_clients_connected 1",
                        "dispatcher_builds_requested_total 1",
                        "dispatcher_builds_total{outcome=\"built\"} 1",
                        "dispatcher_builds_total{outcome=\"failed\"} 0",
                        "dispatcher_builds_total{outcome=\"refused\"} 1",
                        "dispatcher_builds_total{outcome=\"cancelled\"} 1",
                        "dispatcher_builds_lost_total 1",
                        "dispatcher_builds_moved_total 1",
                        "dispatcher_copied_bytes_total{direction=\"to_machine\"} 5000",
                        "dispatcher_copied_paths_total{direction=\"to_machine\"} 3",
                        "dispatcher_copied_bytes_total{direction=\"to_client\"} 700",
                        "dispatcher_wait_seconds_bucket{cause=\"equal_build\",le=\"5\"} 1",
                        "dispatcher_wait_seconds_bucket{cause=\"machine\",le=\"0.1\"} 1",
                        "dispatcher_wait_seconds_bucket{cause=\"machine\",le=\"15\"} 2",
                        "dispatcher_wait_seconds_sum{cause=\"machine\"} 6.05",
                        "dispatcher_build_seconds_bucket{le=\"43200\"} 0",
                        "dispatcher_build_seconds_bucket{le=\"+Inf\"} 1",
                        "dispatcher_build_seconds_count 1");
    }

    @Test
    void conversationsAreApartFromThoseOfThemThatAreInUse() throws Exception {
        var machine = Machines.machine("a", 1, 1);
        var fake = new FakeMachine(machine);
        try (var link = new MachineLink(
                machine,
                fake,
                StoreDir.NIX_STORE,
                new MachineLink.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1)),
                System::nanoTime)) {
            var kept = link.conversations().lease(lease -> lease.store().queryPathInfo(FakeStore.path("x")));
            var held = link.conversations().leaseNew(lease -> lease.store().queryPathInfo(FakeStore.path("x")));
            kept.lease().release();
            assertThat(scrape(queue(machine), link).lines())
                    .contains(
                            "dispatcher_machine_connections{machine=\"a\"} 2",
                            "dispatcher_machine_leases{machine=\"a\"} 1");
            held.lease().drop();
        }
    }

    @Test
    void kindsOfBuildsAreBounded() {
        int many = QueueFigures.MOST_KINDS + 50;
        var features = IntStream.range(0, many).mapToObj(i -> "f" + i).toArray(String[]::new);
        var queue = queue(Machines.machine("a", 1, 1, List.of(features), List.of()));
        wants(queue, "first", "x86_64-linux");
        for (int i = 0; i < many; i++) wants(queue, "b" + i, "x86_64-linux", features[i]);

        var kinds = scrape(queue)
                .lines()
                .filter(line -> line.startsWith("dispatcher_queue_builds{"))
                .toList();
        assertThat(kinds).hasSize(QueueFigures.MOST_KINDS + 1);
        assertThat(kinds).contains("dispatcher_queue_builds{system=\"other\",features=\"\"} 50");
    }

    @Test
    void everyLineIsInTheFormatOfPrometheus() {
        var queue = queue(Machines.machine("quo\"te\\", 1, 1));
        wants(queue, "one", "x86_64-linux");
        wants(queue, "two", "x86_64-linux");
        assertThat(scrape(queue).lines().filter(line -> !line.startsWith("#")))
                .allMatch(line -> SAMPLE.matcher(line).matches())
                .contains("dispatcher_machine_slots{machine=\"quo\\\"te\\\\\"} 1");
        assertThat(scrape(queue)).endsWith("\n");
    }

    @Test
    void theDashboardAndTheAlertsNameOnlyMetricsThatAreThere() throws IOException {
        var known = names(scrape(queue(Machines.machine("a", 1, 1))));
        for (var file : List.of(DASHBOARD, ALERTS))
            assertThat(METRIC.matcher(Files.readString(file)).results().map(found -> found.group()))
                    .as(file.toString())
                    .isNotEmpty()
                    .isSubsetOf(known);
    }

    @Test
    void promtoolTakesTheAlertsAndTheScrape() throws Exception {
        var promtool = Stream.of("/usr/bin/promtool", "/usr/local/bin/promtool")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(promtool.isPresent(), "promtool is not on this host");
        var check = new ProcessBuilder(promtool.get().toString(), "check", "rules", ALERTS.toString()).start();
        assertThat(check.waitFor()).isZero();
        var scrape = new ProcessBuilder(promtool.get().toString(), "check", "metrics").start();
        try (var in = scrape.outputWriter()) {
            in.write(scrape(queue(Machines.machine("a", 1, 1))));
        }
        assertThat(scrape.waitFor()).isZero();
    }

    @Test
    void aScrapeOfManyMachinesIsQuick() {
        var queue = queue(IntStream.range(0, 300)
                .mapToObj(i -> Machines.machine("builder-" + i, 4, 1))
                .toArray(Machine[]::new));
        for (int i = 0; i < 2000; i++) wants(queue, "b" + i, "x86_64-linux");
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 30; i++) {
            long begun = System.nanoTime();
            assertThat(scrape(queue)).contains("dispatcher_machine_slots_taken{machine=\"builder-299\"} 4");
            best = Math.min(best, System.nanoTime() - begun);
        }
        System.out.printf("a scrape of 300 machines takes %.1f ms%n", best / 1e6);
        assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(200));
    }
}
