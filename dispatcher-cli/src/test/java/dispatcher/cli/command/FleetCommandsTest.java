package dispatcher.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.request.BuildRequestFactory;
import dispatcher.build.request.Expectations;
import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.ExplainAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.drain.DrainCommand;
import dispatcher.cli.drain.DrainEndpoints;
import dispatcher.cli.drain.Drains;
import dispatcher.cli.drain.ResumeCommand;
import dispatcher.cli.explain.ExplainCommand;
import dispatcher.cli.explain.ExplainEndpoint;
import dispatcher.cli.machines.MachineAnswers;
import dispatcher.cli.machines.MachineKnowledge;
import dispatcher.cli.machines.MachinesCommand;
import dispatcher.cli.queue.QueueCommand;
import dispatcher.cli.queue.QueueEndpoint;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.state.Drain;
import dispatcher.cli.state.DrainStore;
import dispatcher.cli.state.StateDatabase;
import dispatcher.cli.terminal.ExitStatus;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.event.DispatcherListener;
import dispatcher.history.History;
import dispatcher.machine.Machine;
import dispatcher.machine.Pressure;
import dispatcher.machine.demand.MachinesOnDemand;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.nix.json.Json;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.Refused;
import dispatcher.schedule.policy.Work;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.MachineEvents;
import dispatcher.testkit.NoEngines;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// The commands against a queue that runs, by way of the control socket.
class FleetCommandsTest {
    private static final String DRV = """
            Derive([("out","/nix/store/%1$s-thing","","")],[],[],"x86_64-linux","/bin/sh",[],\
            [("name","thing"),("out","/nix/store/%1$s-thing"),("requiredSystemFeatures","kvm"),("system","x86_64-linux")])\
            """.formatted("a".repeat(32));

    private static final Expectations EXPECTATIONS = new Expectations() {
        @Override
        public Work work(PackageName name, String system) {
            return switch (name.text()) {
                case "seen" -> Work.of(Duration.ofSeconds(80));
                case "first" -> Work.UNKNOWN;
                default -> Work.assumed(Duration.ofSeconds(30));
            };
        }

        @Override
        public OptionalLong peakMemory(PackageName name, String system) {
            return OptionalLong.empty();
        }
    };

    @TempDir
    private Path directory;

    private Path config;
    private Settings settings;
    private StateDatabase state;
    private BuildQueue queue;
    private MachineRegistry registry;
    private final Locations locations = new Locations();
    private final PathSizes sizes = new PathSizes();
    private BuildRequestFactory requests;
    private final StringWriter out = new StringWriter();
    private Exception thrown = new IOException("nothing was thrown");

    @BeforeEach
    void writeSettings() throws IOException {
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines:
                  - {hostName: fast, system: x86_64-linux, maxJobs: 1, speedFactor: 4, resources: {memory: 64GiB}}
                  - {hostName: slow, system: x86_64-linux, maxJobs: 2}
                  - {hostName: arm, system: aarch64-linux, maxJobs: 2}
                resources:
                  - {builds: 'huge*', take: {memory: 80GiB}}
                  - {attribute: licences, resource: licence}
                """);
        settings = SettingsFile.load(config, Surroundings.ofProcess());
        state = StateDatabase.in(settings.state());
        start();
        requests = new BuildRequestFactory(EXPECTATIONS, settings.resources(), locations, sizes);
    }

    private void start() {
        queue = new BuildQueue(List.of(), settings.schedule(), InstantSource.system());
        registry = new MachineRegistry(
                settings.machines(),
                new MachineRegistry.Limits(Duration.ZERO, Duration.ZERO, Pressure.Limits.DEFAULT),
                (machine, _) -> linkTo(machine),
                queue,
                new History(History.DEFAULT_DURATION, InstantSource.system()),
                DispatcherListener.NONE,
                InstantSource.system(),
                System::nanoTime);
    }

    private static MachineLink linkTo(Machine machine) {
        return new MachineLink(
                machine,
                new FakeMachine(machine),
                StoreDir.NIX_STORE,
                new MachineLink.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1)),
                System::nanoTime);
    }

    @AfterEach
    void closeState() {
        state.close();
    }

    private ApiServer serve() throws IOException {
        return serve(state.drains());
    }

    private ApiServer serve(DrainStore store) throws IOException {
        Files.createDirectories(settings.state());
        var drains = Drains.load(store, registry);
        var endpoints = new ArrayList<Endpoint>(
                new DrainEndpoints(queue, drains, DrainEndpoints.Witness.NONE, InstantSource.system()).endpoints());
        endpoints.add(MachineAnswers.endpoint(
                queue,
                InstantSource.system(),
                new MachinesOnDemand(InstantSource.system(), NoEngines.PROVIDERS),
                registry::description,
                machine -> MachineKnowledge.of(registry).with(drains.with(machine))));
        endpoints.add(new QueueEndpoint(queue, InstantSource.system()).endpoint());
        endpoints.add(new ExplainEndpoint(
                        queue, (drvPath, derivation) -> requests.prospect(drvPath, derivation, settings.machines()))
                .endpoint());
        return ApiServer.open(settings.controlSocket(), endpoints);
    }

    private BuildQueue.Ticket submit(String name) {
        return submit(name, Work.assumed(Duration.ofSeconds(30)));
    }

    private BuildQueue.Ticket submit(String name, Work work) {
        var drvPath = StorePath.of("b".repeat(32), name + ".drv");
        return queue.submit(new BuildRequest(drvPath, "x86_64-linux", new TreeSet<>()).withWork(work), Set.of());
    }

    private <T> T json(Class<T> type) {
        return ApiJson.read(lines().getLast().getBytes(StandardCharsets.UTF_8), type);
    }

    private String out() {
        return out.toString();
    }

    private List<String> lines() {
        return out.toString().lines().toList();
    }

    @Nested
    class Machines {
        @Test
        void showsWhatMachinesRefuse() throws Exception {
            var later = Instant.now().plusSeconds(3600);
            try (var _ = serve()) {
                MachineEvents.at(queue)
                        .learn(
                                "fast",
                                facts -> facts.withRefused(List.of(
                                        new Refused(
                                                "builds for x86_64-linux with kvm", "by system-features: no", later),
                                        new Refused("builds", "by max-jobs: no", Instant.EPOCH))));
                assertThat(run(new MachinesCommand())).isZero();
                assertThat(out())
                        .containsPattern("fast gets no builds for x86_64-linux with kvm for another .* if others can do"
                                + " them: by system-features: no")
                        .contains("fast gets no builds but the next one, to see whether it refuses still: by max-jobs");
                assertThat(run(new MachinesCommand(), "--json")).isZero();
            }
            assertThat(out())
                    .contains(
                            "\"refuses\":[{\"need\":\"builds for x86_64-linux with kvm\",\"reason\":\"by system-features: no\"");
        }

        @Test
        void showsWhatRunsAndWhyNothingDoes() throws Exception {
            try (var _ = serve()) {
                var ticket = submit("thing");
                MachineEvents.at(queue).failed("slow", Instant.now(), "connection refused\nby the host");
                MachineEvents.at(queue).drain("arm", true);
                MachineEvents.at(queue)
                        .learn("fast", facts -> facts.withSpeed(3.5).withBandwidth(12e6));
                assertThat(run(new MachinesCommand())).isZero();
                ticket.cancel();
            }
            assertThat(lines().get(0)).matches("MACHINE +STATE +SLOTS +SPEED +BANDWIDTH +RESOURCES +WHY");
            assertThat(lines().get(1)).matches("fast +ready +1/1 +4, is 3.5 +12 MB/s +memory 0 GiB/64 GiB");
            assertThat(lines().get(2))
                    .matches("slow +set-aside +0/2 +1 +- +- +for [.\\d]+ m?s now: connection refused; by the host");
            assertThat(lines().get(3))
                    .matches("arm +drained +0/2 +1 +- +- +gets no builds until `dispatcher resume arm`");
            assertThat(lines().get(5)).matches("MACHINE +BUILD +CLIENT +RUNS FOR +SHOULD END");
            assertThat(lines().get(6)).matches("fast +b+-thing.drv +- +\\d.* +in \\d.*");
            assertThat(lines()).hasSize(7);
        }

        @Test
        void tellsNoEndOfABuildBeforeAnythingWasBuilt() throws Exception {
            try (var _ = serve()) {
                var ticket = submit("thing", Work.UNKNOWN);
                assertThat(run(new MachinesCommand())).isZero();
                assertThat(lines().getLast()).matches("fast +b+-thing.drv +- +\\d.* +no history");
                assertThat(run(new MachinesCommand(), "--json")).isZero();
                ticket.cancel();
            }
            var running = json(MachinesAnswer.class).machines().getFirst().running();
            assertThat(running)
                    .singleElement()
                    .matches(build -> build.expectedEnd().isUnknown());
        }

        @Test
        void printsJson() throws Exception {
            try (var _ = serve()) {
                assertThat(run(new MachinesCommand(), "--json")).isZero();
            }
            var machines = Json.parse(out.toString()).path("machines");
            assertThat(machines).hasSize(3);
            assertThat(machines.path(0).path("name").textValue()).isEqualTo("fast");
            assertThat(machines.path(0).path("state").textValue()).isEqualTo("ready");
            assertThat(machines.path(0).path("slots").intValue()).isEqualTo(1);
        }

        @Test
        void withoutADispatcherSaysSo() {
            assertThat(run(new MachinesCommand())).isEqualTo(1);
            assertThat(thrown).isInstanceOfSatisfying(UserFacingException.class, error -> {
                assertThat(error.what()).isEqualTo("cannot show the machines: no dispatcher runs");
                assertThat(error.why()).isEqualTo("nobody answers at " + settings.controlSocket());
                assertThat(error.next()).contains("dispatcher serve");
            });
        }
    }

    @Nested
    class Queue {
        @Test
        void showsTheFirstAndCountsTheRest() throws Exception {
            var tickets = new ArrayList<BuildQueue.Ticket>();
            try (var _ = serve()) {
                for (int i = 0; i < 8; i++) tickets.add(submit("thing-" + i));
                assertThat(run(new QueueCommand(), "--rows", "2")).isZero();
            }
            assertThat(lines().get(0)).matches("PLACE +BUILD +CLIENT +SYSTEM +FEATURES +WAITS FOR +SHOULD START");
            assertThat(lines().get(1)).matches("1 of 5 +b+-thing-3.drv +- +x86_64-linux +- +\\S+ m?s +in \\S+ m?s");
            assertThat(lines().get(2)).matches("2 of 5 +b+-thing-4.drv .*");
            assertThat(lines().get(3)).isEqualTo("and 3 more");
            for (var ticket : tickets) ticket.cancel();
        }

        @Test
        void tellsNoTimeBeforeAnythingWasBuilt() throws Exception {
            var tickets = new ArrayList<BuildQueue.Ticket>();
            try (var _ = serve()) {
                for (int i = 0; i < 4; i++) tickets.add(submit("thing-" + i, Work.UNKNOWN));
                assertThat(run(new QueueCommand())).isZero();
                assertThat(lines().get(1)).endsWith("no history");
                assertThat(run(new QueueCommand(), "--json")).isZero();
            }
            assertThat(json(QueueAnswer.class).builds())
                    .singleElement()
                    .matches(build -> build.expectedStart().isUnknown()
                            && build.untilExpected().isUnknown());
            for (var ticket : tickets) ticket.cancel();
        }

        @Test
        void aBuildWhoseMachinesTakeNoneIsToldNoTime() throws Exception {
            try (var _ = serve()) {
                for (var machine : List.of("fast", "slow")) registry.drain(machine, true);
                var ticket = submit("thing");
                assertThat(run(new QueueCommand())).isZero();
                ticket.cancel();
            }
            assertThat(lines().get(1)).endsWith("when a machine takes builds again");
        }

        @Test
        void anEmptyOneIsSaidToBeSo() throws Exception {
            try (var _ = serve()) {
                assertThat(run(new QueueCommand())).isZero();
            }
            assertThat(lines()).containsExactly("no build waits for a machine");
        }

        @Test
        void noMoreRowsThanAnAnswerMayHave() {
            assertThat(run(new QueueCommand(), "-n", "10001")).isEqualTo(2);
            assertThat(run(new QueueCommand(), "-n", "-1")).isEqualTo(2);
        }
    }

    @Nested
    class Draining {
        @Test
        void keepsNewBuildsAwayAndSurvivesARestart() throws Exception {
            try (var _ = serve()) {
                assertThat(run(new DrainCommand(), "fast")).isZero();
                assertThat(run(new DrainCommand(), "fast")).isZero();
            }
            assertThat(lines())
                    .containsExactly(
                            "fast is drained; nothing runs there", "fast is drained already; nothing runs there");
            start();
            try (var _ = serve()) {
                assertThat(assigned(submit("thing"))).isEqualTo("slow");
                assertThat(run(new ResumeCommand(), "fast")).isZero();
                assertThat(run(new ResumeCommand(), "fast")).isZero();
                assertThat(assigned(submit("thing"))).isEqualTo("fast");
            }
            assertThat(lines()).endsWith("fast is not drained any more", "fast was not drained");
            assertThat(state.drains().load()).isEmpty();
        }

        @Test
        void keepsWhoDidItWhenAndWhyOverARestart() throws Exception {
            var before = Instant.now().minusSeconds(1);
            try (var _ = serve()) {
                assertThat(run(new DrainCommand(), "slow", "--note", "new disk\u001b[31m\nat noon"))
                        .isZero();
            }
            start();
            try (var _ = serve()) {
                assertThat(run(new MachinesCommand())).isZero();
                assertThat(out())
                        .containsPattern(
                                "slow +drained .*gets no builds until `dispatcher resume slow`; drained .* ago by \\S+: new"
                                        + " disk\\\\nat noon\n");
                assertThat(run(new MachinesCommand(), "--json")).isZero();
            }
            var machine = json(MachinesAnswer.class).machines().get(1);
            var drained = machine.drained().orElseThrow();
            assertThat(drained.note()).contains("new disk\\nat noon");
            assertThat(drained.by()).isPresent();
            assertThat(drained.since().orElseThrow()).isBetween(before, Instant.now());
            assertThat(machine.reason())
                    .contains("drained by %s: new disk\\nat noon"
                            .formatted(drained.by().orElseThrow()));
        }

        @Test
        void aNoteOfAMachineThatIsDrainedTakesThePlaceOfTheOneBefore() throws Exception {
            try (var _ = serve()) {
                run(new DrainCommand(), "slow", "--note", "new disk");
                var since = noted().since();
                run(new DrainCommand(), "slow");
                assertThat(noted().note()).as("none is given").contains("new disk");
                run(new DrainCommand(), "slow", "--note", "disk is late");
                assertThat(noted().note()).contains("disk is late");
                assertThat(noted().since()).isEqualTo(since);
                run(new ResumeCommand(), "slow");
                run(new DrainCommand(), "slow");
                assertThat(noted().note()).as("of another drain").isEmpty();
                run(new DrainCommand(), "slow", "--note", "x".repeat(10_000));
                assertThat(noted().note().orElseThrow()).hasSizeLessThanOrEqualTo(500);
            }
        }

        private Drain noted() throws IOException {
            return Optional.ofNullable(state.drains().load().get("slow")).orElseThrow();
        }

        private String assigned(BuildQueue.Ticket ticket) throws InterruptedException {
            return ((BuildQueue.Outcome.Assigned) ticket.await())
                    .assignment()
                    .machine()
                    .name();
        }

        @Test
        void waitsUntilNothingRunsThere() throws Exception {
            try (var _ = serve()) {
                var ticket = submit("thing");
                var waiting = Await.start(() -> run(new DrainCommand(), "fast", "--wait"));
                Await.until("it is drained", () -> out.toString().contains("fast is drained; 1 build runs there"));
                assertThat(waiting).isNotDone();
                ticket.cancel();
                assertThat(Await.result(waiting)).isZero();
            }
            assertThat(lines()).endsWith("nothing runs there any more");
        }

        @Test
        void waitsNoLongerIfSomebodyResumesIt() throws Exception {
            try (var _ = serve()) {
                var ticket = submit("thing");
                var waiting = Await.start(() -> run(new DrainCommand(), "fast", "--wait", "--json"));
                Await.until("it is drained", this::somethingIsDrained);
                state.drains().save(new TreeMap<>());
                registry.drain("fast", false);
                assertThat(Await.result(waiting)).isEqualTo(1);
                ticket.cancel();
            }
            assertThat(thrown).hasMessageContaining("fast is in use again");
        }

        /// For the queue, which hears of it when it has been written down.
        private boolean somethingIsDrained() {
            return queue.snapshot().machines().stream().anyMatch(view -> view.state() == MachineState.DRAINED);
        }

        @Test
        void aWrongNameChangesNothingAndIsAnsweredWithTheNearest() throws Exception {
            try (var _ = serve()) {
                assertThat(run(new DrainCommand(), "fats")).isEqualTo(1);
            }
            assertThat(thrown)
                    .hasMessageContaining("there is no machine fats")
                    .hasMessageContaining("did you mean 'fast'?");
            assertThat(state.drains().load()).isEmpty();
        }

        @Test
        void whatIsNotInTheSettingsAnyMoreCanBeResumed() throws Exception {
            state.drains().save(new TreeMap<>(Map.of("former", Drain.UNKNOWN)));
            try (var _ = serve()) {
                assertThat(run(new ResumeCommand(), "former")).isZero();
            }
            assertThat(lines()).containsExactly("former is not drained any more, nor in the settings");
        }

        @Test
        void whatCannotBeWrittenDownIsNotDone() throws Exception {
            try (var _ = serve(new FullStore())) {
                assertThat(run(new DrainCommand(), "fast")).isEqualTo(1);
            }
            assertThat(thrown).hasMessageContaining("cannot write down that fast is drained; nothing has changed");
            assertThat(queue.explain(request(), Set.of()).chosen()).contains("fast");
        }

        private static final class FullStore implements DrainStore {
            @Override
            public SortedMap<String, Drain> load() {
                return new TreeMap<>();
            }

            @Override
            public void save(SortedMap<String, Drain> drained) throws IOException {
                throw new IOException("the disk is full");
            }
        }

        private BuildRequest request() {
            return new BuildRequest(StorePath.of("b".repeat(32), "a.drv"), "x86_64-linux", new TreeSet<>());
        }
    }

    @Nested
    class Explain {
        @Test
        void showsThePointsOfEveryMachineAndWhyNot() throws Exception {
            try (var _ = serve()) {
                registry.drain("slow", true);
                assertThat(run(new ExplainCommand(), "--system", "x86_64-linux", "--name", "thing"))
                        .isZero();
            }
            assertThat(lines().get(0)).isEqualTo("a derivation with the name thing for x86_64-linux");
            assertThat(lines().get(1)).isEqualTo("would go to fast now");
            assertThat(lines().get(2))
                    .isEqualTo("has not been seen before; counts as 30 s at speed 1, from what others took");
            assertThat(lines().get(4)).matches("MACHINE +START +LACKS +COPY +BUILD +FINISH +SLOTS +SPEED +WHY");
            assertThat(lines().get(5)).matches("fast +now +- +100 ms +7.5 s +7.6 s +0/1 +4 +should finish it first");
            assertThat(lines().get(6)).matches("slow +- +- +100 ms +30 s +- +0/2 +1 +it is drained");
            assertThat(lines().get(7))
                    .matches("arm +- +- +- +- +- +- +- +it builds for aarch64-linux, not for x86_64-linux");
        }

        @Test
        void tellsNoTimesBeforeAnythingWasBuilt() throws Exception {
            try (var _ = serve()) {
                assertThat(run(new ExplainCommand(), "--system", "x86_64-linux", "--name", "first-1.0"))
                        .isZero();
                assertThat(lines().get(2)).isEqualTo("no history: nothing is known of how long it takes");
                assertThat(lines().get(5))
                        .matches("fast +now +- +100 ms +no history +no history +0/1 +4 +should finish it first");
                assertThat(lines().get(6)).matches("slow +now +- +100 ms +no history +no history +0/2 +1 +no better");
                assertThat(run(new ExplainCommand(), "--system", "x86_64-linux", "--name", "first-1.0", "--json"))
                        .isZero();
            }
            var answer = json(ExplainAnswer.class);
            assertThat(answer.expected().isUnknown()).isTrue();
            assertThat(answer.expectedKnown()).isFalse();
            assertThat(answer.machines().getFirst())
                    .matches(fast -> fast.build().isUnknown()
                            && fast.finish().isUnknown()
                            && fast.score().isUnknown());
        }

        @Test
        void usesWhatSuchBuildsHaveTaken() throws Exception {
            try (var _ = serve()) {
                assertThat(run(new ExplainCommand(), "--system", "x86_64-linux", "--name", "seen-1.2"))
                        .isZero();
            }
            assertThat(lines().get(2)).isEqualTo("takes 80 s at speed 1, as seen before");
            assertThat(lines().get(5)).matches("fast +now +- +100 ms +20 s +20 s +.*");
        }

        @Test
        void readsADerivation() throws Exception {
            var drv = Files.writeString(directory.resolve("c".repeat(32) + "-thing.drv"), DRV);
            try (var _ = serve()) {
                assertThat(run(new ExplainCommand(), drv.toString())).isEqualTo(ExitStatus.CANNOT_BE_PLACED);
            }
            assertThat(lines().get(0)).isEqualTo("c".repeat(32) + "-thing.drv for x86_64-linux, requires kvm");
            assertThat(lines().get(1)).isEqualTo("no machine can ever build it");
            assertThat(out.toString()).contains("it lacks the feature kvm");
        }

        private Path reading(String variables, String inputs, String... sources) throws IOException {
            var text = """
                    Derive([("out","/nix/store/%1$s-thing","","")],[%2$s],[%3$s],"x86_64-linux","/bin/sh",[],\
                    [%4$s("name","thing"),("out","/nix/store/%1$s-thing"),("system","x86_64-linux")])\
                    """.formatted(
                            "a".repeat(32),
                            inputs,
                            Stream.of(sources)
                                    .map(source -> "\"/nix/store/%s\"".formatted(source))
                                    .collect(Collectors.joining(",")),
                            variables);
            return Files.writeString(directory.resolve("c".repeat(32) + "-huge-1.drv"), text);
        }

        @Test
        void countsTheInputsThatAMachineLacks() throws Exception {
            Files.writeString(directory.resolve("d".repeat(32) + "-thing.drv"), DRV);
            var drv = reading(
                    "",
                    "(\"/nix/store/%s-thing.drv\",[\"out\"]),(\"/nix/store/%s-away.drv\",[\"lib\",\"out\"])"
                            .formatted("d".repeat(32), "f".repeat(32)),
                    "b".repeat(32) + "-source",
                    "b".repeat(32) + "-unseen");
            var out = StorePath.of("a".repeat(32), "thing");
            sizes.add(out, 3_000_000_000L);
            sizes.add(StorePath.of("b".repeat(32), "source"), 500_000_000);
            locations.add(List.of(out), "slow");
            try (var _ = serve()) {
                MachineEvents.at(queue).learn("slow", facts -> facts.withBandwidth(1e8));
                MachineEvents.at(queue).learn("fast", facts -> facts.withBandwidth(1e8));
                assertThat(run(new ExplainCommand(), drv.toString())).isZero();
                assertThat(lines().get(3)).isEqualTo("reads 3 paths, 3.5 GB; of 3 inputs it is not known how large");
                assertThat(out()).containsPattern("slow +now +500 MB +5.1 s +30 s .* should finish it first");
                run(new ExplainCommand(), drv.toString(), "--json");
            }
            var json = json(ExplainAnswer.class);
            assertThat(json.inputs()).isEqualTo(new ExplainAnswer.Inputs(3, 3_500_000_000L, 3));
            assertThat(json.resources()).containsEntry("memory", 80L << 30);
            assertThat(json.machines().getFirst().copyBytes()).contains(500_000_000L);
        }

        @Test
        void usesTheResourcesThatTheSettingsSayItTakes() throws Exception {
            var drv = reading("(\"licences\",\"2\"),", "");
            try (var _ = serve()) {
                assertThat(run(new ExplainCommand(), drv.toString())).isEqualTo(ExitStatus.CANNOT_BE_PLACED);
            }
            assertThat(run(new ExplainCommand(), drv.toString()))
                    .as("without a dispatcher")
                    .isEqualTo(ExitStatus.CANNOT_BE_PLACED);
            assertThat(lines().get(3)).isEqualTo("takes licence 2, memory 80 GiB");
            assertThat(out().split("its memory is 64 GiB, and the build takes 80 GiB|it has no resource 'licence'", -1))
                    .as("a reason for fast and one for slow, twice")
                    .hasSize(5);
        }

        @Test
        void aQuestionSaysWhatItTakes() throws Exception {
            try (var _ = serve()) {
                assertThat(run(
                                new ExplainCommand(),
                                "--system=x86_64-linux",
                                "--name=huge",
                                "--resource=memory=64.5GiB"))
                        .isZero();
                assertThat(out()).contains("takes memory 64.5 GiB", "would go to slow now");
                assertThat(out()).contains("its memory is 64 GiB, and the build takes 64.5 GiB");
                assertThat(run(new ExplainCommand(), "--system=x86_64-linux", "--resource", "gpu=1"))
                        .isEqualTo(ExitStatus.CANNOT_BE_PLACED);
                assertThat(out()).contains("it has no resource 'gpu'");
            }
        }

        @Test
        void withoutADispatcherAnswersForAnIdleFleetWithItsDrains() throws Exception {
            state.drains().save(new TreeMap<>(Map.of("fast", Drain.UNKNOWN)));
            state.close();
            assertThat(run(new ExplainCommand(), "--system", "x86_64-linux")).isZero();
            assertThat(lines().getFirst()).startsWith("no dispatcher runs;");
            assertThat(out.toString()).contains("would go to slow now");
        }

        @Test
        void printsJson() {
            assertThat(run(new ExplainCommand(), "--system", "x86_64-linux", "--json"))
                    .isZero();
            var answer = Json.parse(out.toString());
            assertThat(answer.path("chosen").textValue()).isEqualTo("fast");
            assertThat(answer.has("drv")).isFalse();
            assertThat(answer.has("name")).isFalse();
        }

        @Test
        void ofASystemIsAboutAnyDerivation() throws Exception {
            try (var _ = serve()) {
                run(new ExplainCommand(), "--system", "x86_64-linux", "--features", "kvm");
                assertThat(lines().getFirst()).isEqualTo("any derivation for x86_64-linux, requires kvm");
                run(new ExplainCommand(), "--system", "x86_64-linux", "--name", "thing", "--json");
            }
            var answer = json(ExplainAnswer.class);
            assertThat(answer.drv()).isEmpty();
            assertThat(answer.name()).contains("thing");
        }

        @Test
        void ofAFileThatIsInNoStoreNamesTheFile() throws Exception {
            var drv = Files.writeString(directory.resolve("my thing.drv"), DRV);
            run(new ExplainCommand(), drv.toString());
            assertThat(out()).contains("a derivation with the name my-thing for x86_64-linux, requires kvm");
        }

        @Test
        void whatIsNoDerivationIsSaid() throws Exception {
            var file = Files.writeString(directory.resolve("x.drv"), "Derive(");
            assertThat(run(new ExplainCommand(), file.toString())).isEqualTo(1);
            assertThat(thrown).hasMessageContaining("cannot explain " + file).hasMessageContaining("no derivation");
            assertThat(run(new ExplainCommand(), "/nowhere.drv")).isEqualTo(1);
            assertThat(thrown).hasMessageContaining("there is no such file");
        }

        @Test
        void eitherAFileOrASystem() {
            assertThat(run(new ExplainCommand())).isEqualTo(2);
            assertThat(run(new ExplainCommand(), "a.drv", "--system", "x")).isEqualTo(2);
            assertThat(run(new ExplainCommand(), "a.drv", "--features", "kvm")).isEqualTo(2);
            assertThat(run(new ExplainCommand(), "a.drv", "--resource", "gpu=1"))
                    .isEqualTo(2);
            assertThat(run(new ExplainCommand(), "--system", "x", "--resource", "gpu=few"))
                    .isEqualTo(2);
            assertThat(run(new ExplainCommand(), "--system", "x", "--resource", "memory=-1GiB"))
                    .isEqualTo(2);
            assertThat(run(new ExplainCommand(), "--system", "no system")).isEqualTo(2);
            assertThat(run(new ExplainCommand(), "--system", "x", "--name", "no/name"))
                    .isEqualTo(2);
        }
    }

    private int run(Object command, String... arguments) {
        var all = new ArrayList<>(List.of("--config", config.toString()));
        all.addAll(List.of(arguments));
        return new CommandLine(command)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(new StringWriter()))
                .setExecutionExceptionHandler((e, _, _) -> {
                    thrown = e;
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(all.toArray(String[]::new));
    }
}
