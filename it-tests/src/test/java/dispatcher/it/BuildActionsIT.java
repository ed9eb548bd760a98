package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.event.FleetEvent;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What an operator does to builds of a dispatcher that builds: `cancel`, `retry`, `raise`. Two machines with one slot
/// each.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BuildActionsIT {
    private static final Duration LONG = Duration.ofMinutes(3);

    private Fleet fleet;
    private Fleet.Machine first;
    private Fleet.Machine second;
    private NixClient client;
    // Each test starts its own.
    @SuppressWarnings("NullAway.Init")
    private Path settings;

    @SuppressWarnings("NullAway.Init")
    private DispatcherProcess dispatcher;

    private String builders = "";

    @BeforeAll
    void startFleet() throws Exception {
        fleet = Fleet.of(2).jobs(1).start();
        first = fleet.machine(0);
        second = fleet.machine(1);
        client = NixClient.beside(fleet).start();
    }

    /// Machines may take their time to answer: what is tested is that operators are not taken for faults.
    private void start(DispatcherSettings with) throws Exception {
        settings = with.set("timeouts", "{checkBeforeBuild: 30s}").write("actions");
        dispatcher = DispatcherProcess.start(fleet, settings);
        builders = dispatcher.builders();
    }

    @AfterEach
    void stopDispatcher() throws IOException {
        dispatcher.close();
    }

    @AfterAll
    void stopFleet() throws IOException {
        if (fleet != null) fleet.close();
    }

    @Test
    void cancelledBuildEndsWithWhoAndWhyIsNotRetriedAndLeavesTheMachineFree() throws Exception {
        start(DispatcherSettings.of(fleet));
        try (Background build = Background.start(build("wrong", 600), fleet.folder())) {
            Fleet.Machine there = awaitRunning("wrong");

            assertThat(act("cancel", "wrong", "wrong branch")).isEqualTo("is cancelled");

            Result ended = build.await(LONG);
            assertThat(ended.exit()).isNotZero();
            assertThat(ended.err()).contains("wrong.drv was cancelled by " + operator() + ": wrong branch");
            await("its slot is free", () -> machine(there).filter(it -> it.slotsTaken() == 0));
            Await.until(
                    LONG,
                    () -> "nothing of it runs there",
                    () -> there.processes("sleep 600").isEmpty());
        }
        assertThat(machines()).extracting(MachineAnswer::state).containsOnly("ready");
        BuildAnswer record = record("wrong");
        assertThat(record.outcome()).isEqualTo("cancelled");
        assertThat(record.message()).contains("cancelled by " + operator() + ": wrong branch");
        assertThat(record.attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.lost()).isEmpty());
        assertThat(events(record))
                .extracting(event -> event.type().word())
                .containsExactly("queued", "placed", "building", "ended");
        FleetEvent end = events(record).getLast();
        assertThat(end.outcome()).contains("cancelled");
        assertThat(end.by()).contains(operator());
        assertThat(end.reason()).contains("wrong branch");
        assertThat(dispatcher.log()).doesNotContain("machine lost", "machine set aside", "build refused");
        assertBuilds("after-cancel");
    }

    @Test
    void retriedBuildGoesOnOnAnotherMachineAndSucceeds() throws Exception {
        start(DispatcherSettings.of(fleet));
        try (Background build = Background.start(build("hangs", 40), fleet.folder())) {
            Fleet.Machine there = awaitRunning("hangs");
            Fleet.Machine other = there.equals(first) ? second : first;

            assertThat(act("retry", "hangs", "it hangs")).isEqualTo("leaves " + there.name());

            await("it runs on the other one", () -> machine(other).filter(it -> it.slotsTaken() == 1));
            Result built = build.await(LONG).orFail();
            assertThat(built.err())
                    .contains("hangs.drv was stopped by %s: it hangs; it begins again on another machine than %s"
                            .formatted(operator(), there.name()));
            assertThat(other.holds(built.out().strip())).isTrue();
            assertThat(there.holds(built.out().strip())).isFalse();
        }
        assertThat(machines()).extracting(MachineAnswer::state).containsOnly("ready");
        BuildAnswer record = record("hangs");
        assertThat(record.outcome()).isEqualTo("built");
        assertThat(record.attempts()).hasSize(2);
        assertThat(record.attempts().getFirst().moved()).contains("by %s: it hangs".formatted(operator()));
        assertThat(record.attempts())
                .allSatisfy(attempt -> assertThat(attempt.lost()).isEmpty());
        assertThat(events(record))
                .extracting(event -> event.type().word())
                .contains("moved")
                .doesNotContain("lost");
        assertThat(dispatcher.log()).doesNotContain("machine lost", "machine set aside");
    }

    @Test
    void raisedBuildIsPlacedBeforeAnOlderOne() throws Exception {
        start(DispatcherSettings.of(fleet).without(second));
        try (Background running = Background.start(build("running", 600), fleet.folder())) {
            awaitRunning("running");
            try (Background older = Background.start(build("older", 1), fleet.folder())) {
                awaitWaiting(1);
                try (Background newer = Background.start(build("newer", 1), fleet.folder())) {
                    awaitWaiting(2);
                    assertThat(queued())
                            .satisfiesExactly(
                                    name -> assertThat(name).endsWith("-older.drv"),
                                    name -> assertThat(name).endsWith("-newer.drv"));

                    assertThat(act("raise", "newer", "a release waits")).isEqualTo("goes first");

                    assertThat(queued().getFirst()).endsWith("-newer.drv");
                    act("cancel", "running", "to make room");
                    newer.await(LONG).orFail();
                    older.await(LONG).orFail();
                }
            }
            assertThat(running.await(LONG).exit()).isNotZero();
        }
        assertThat(placed("newer")).isBefore(placed("older"));
    }

    // ---- what they do

    /// What the commands say of who gave them.
    private static String operator() {
        return Optional.ofNullable(System.getenv("SUDO_USER"))
                .filter(name -> !name.isBlank())
                .orElse(System.getProperty("user.name"));
    }

    private Command build(String name, int seconds) {
        return client.command(
                "nix-build", "--no-out-link", "--max-jobs", 0, "--builders", builders, "--expr", """
                (import %s).sh { name = "%s"; script = "sleep %d; echo %s > $out"; }""".formatted(
                                Checkout.graph("lib"), name, seconds, NixClient.newSalt()));
    }

    private void assertBuilds(String name) throws Exception {
        build(name, 0).run().orFail();
    }

    /// What the command says after the derivation's name.
    private String act(String what, String build, String reason) throws Exception {
        String said = Command.of(Checkout.dispatcher(), what, "--config", settings)
                .with(build, "--reason", reason)
                .run()
                .orFail()
                .out()
                .strip();
        return said.substring(said.indexOf(".drv ") + ".drv ".length());
    }

    private Fleet.Machine awaitRunning(String name) throws Exception {
        String machine = await(
                name + " runs",
                () -> machines().stream()
                        .filter(it ->
                                it.running().stream().anyMatch(one -> one.drv().endsWith("-" + name + ".drv")))
                        .map(MachineAnswer::name)
                        .findFirst());
        Fleet.Machine there = machine.equals(first.name()) ? first : second;
        Await.until(
                LONG,
                () -> "it sleeps there\n" + dispatcher.log(),
                () -> !there.processes("sleep ").isEmpty());
        return there;
    }

    private void awaitWaiting(long builds) throws Exception {
        await(builds + " wait", () -> Optional.of(queue()).filter(it -> it.waiting() == builds));
    }

    private List<String> queued() throws Exception {
        return queue().builds().stream().map(QueueAnswer.Waiting::drv).toList();
    }

    private QueueAnswer queue() throws Exception {
        return ask(QueueAnswer.class, "queue");
    }

    private List<MachineAnswer> machines() throws Exception {
        return ask(MachinesAnswer.class, "machines").machines();
    }

    private Optional<MachineAnswer> machine(Fleet.Machine machine) throws Exception {
        return machines().stream()
                .filter(it -> it.name().equals(machine.name()))
                .findFirst();
    }

    private BuildAnswer record(String name) throws Exception {
        long id = ask(BuildsAnswer.class, "builds", "--name", name).builds().stream()
                .filter(it -> it.name().equals(name))
                .findFirst()
                .orElseThrow()
                .id();
        return ask(BuildAnswer.class, "build", Long.toString(id));
    }

    private Instant placed(String name) throws Exception {
        return record(name).attempts().getFirst().began();
    }

    /// Of that build, the first one first.
    private List<FleetEvent> events(BuildAnswer build) throws Exception {
        List<FleetEvent> events = new ArrayList<>();
        Result all = Command.of(Checkout.dispatcher(), "events", "--config", settings)
                .run()
                .orFail();
        for (String line : all.lines()) events.add(read(line, FleetEvent.class));
        return events.stream()
                .filter(event -> event.build().equals(Optional.of(build.id())))
                .filter(event -> event.type() != FleetEvent.Type.COPIED_BACK)
                .toList();
    }

    private <T> T ask(Class<T> type, Object... words) throws Exception {
        Command command = Command.of(Checkout.dispatcher(), words[0], "--config", settings);
        for (int i = 1; i < words.length; i++) command = command.with(words[i]);
        return read(command.with("--json").run().orFail().out(), type);
    }

    private static <T> T read(String json, Class<T> type) {
        return ApiJson.read(json.getBytes(StandardCharsets.UTF_8), type);
    }

    private interface Look<T> {
        Optional<T> now() throws Exception;
    }

    private <T> T await(String what, Look<T> look) throws Exception {
        List<T> seen = new ArrayList<>();
        Await.until(LONG, () -> what + "\n" + dispatcher.log(), () -> {
            look.now().ifPresent(seen::add);
            return !seen.isEmpty();
        });
        return seen.getFirst();
    }
}
