package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.ExplainAnswer;
import dispatcher.cli.api.HistoryAnswer;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.ReloadAnswer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The commands that an operator gives to a dispatcher that builds: `machines`, `queue`, `explain`, `history`,
/// `drain`, `resume`, `reload`. Two machines with one slot each.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FleetCommandsIT {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String SLEEP = "12";

    private Fleet fleet;
    private Fleet.Machine first;
    private Fleet.Machine second;
    private NixClient client;
    private Path settings;

    private DispatcherProcess dispatcher;
    private String builders = "";

    /// What nobody must ever see: the bodies of the key for outputs and of the key that opens the machines.
    private final List<String> secrets = new ArrayList<>();

    @BeforeAll
    void startFleet() throws Exception {
        fleet = Fleet.of(2).jobs(1).start();
        first = fleet.machine(0);
        second = fleet.machine(1);
        Files.readAllLines(fleet.key()).stream()
                .filter(line -> !line.startsWith("-----"))
                .forEach(secrets::add);
        client = NixClient.beside(fleet).start();
        client.run("nix-store", "--generate-binary-cache-key", "fleet-1", signingKey(), signingKey() + ".pub")
                .orFail();
        secrets.add(Files.readString(signingKey()).strip().split(":")[1]);
    }

    @BeforeEach
    void startDispatcher() throws Exception {
        settings = both().without(second).write("changing");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "-Ddispatcher.log.level=debug");
        builders = dispatcher.builders();
    }

    @AfterEach
    void stopDispatcher() throws IOException {
        dispatcher.close();
        assertThat(dispatcher.log()).doesNotContain(secrets);
        Files.deleteIfExists(fleet.folder().resolve("state").resolve("drained"));
    }

    @AfterAll
    void stopFleet() throws IOException {
        if (fleet != null) {
            fleet.close();
        }
    }

    private DispatcherSettings both() throws IOException {
        return DispatcherSettings.of(fleet).set("secretKeyFile", signingKey());
    }

    private Path signingKey() {
        return fleet.folder().resolve("signing-key");
    }

    /// What a command loads is most of the time that it takes.
    @Test
    void commandThatAsksLoadsNoLoggingLibraryAndTakesPicocliFromTheCache() throws Exception {
        Path loaded = fleet.folder().resolve("loaded");
        command("status")
                .withVariable("DISPATCHER_JAVA_OPTS", "-Xlog:class+load:file=" + loaded)
                .run()
                .orFail();

        assertThat(Files.readAllLines(loaded))
                .anySatisfy(line -> assertThat(line).contains("picocli.CommandLine source: shared objects file"))
                .noneSatisfy(line -> assertThat(line).contains("org.apache.logging"));
    }

    @Test
    void commandThatFailsSaysWhyAndLoadsNoLoggingLibraryEither() throws Exception {
        Path loaded = fleet.folder().resolve("loaded-by-failure");
        Result failed = command("build", "999999")
                .withVariable("DISPATCHER_JAVA_OPTS", "-Xlog:class+load:file=" + loaded)
                .run();

        assertThat(failed.exit()).isEqualTo(1);
        assertThat(failed.err()).contains("999999");
        assertThat(Files.readAllLines(loaded))
                .isNotEmpty()
                .noneSatisfy(line -> assertThat(line).contains("org.apache.logging"));
    }

    @Test
    void machineThatIsAddedTakesWhatWaitsAndAWrongFileChangesNothing() throws Exception {
        try (Background build = Background.start(sleepers(2), fleet.folder())) {
            awaitRunning(first, 1);
            QueueAnswer waiting = await(
                    "one waits",
                    () -> Optional.of(ask("queue", QueueAnswer.class)).filter(queue -> queue.waiting() == 1));
            assertThat(waiting.builds()).singleElement().satisfies(one -> {
                assertThat(one.drv()).contains("sleeper-");
                assertThat(one.system()).isEqualTo("x86_64-linux");
                assertThat(one.place()).isEqualTo(1);
                assertThat(one.untilExpected().isUnknown()
                                || one.untilExpected()
                                                .toOptional()
                                                .orElseThrow()
                                                .doubleValue()
                                        < 86_400)
                        .isTrue();
            });

            Files.writeString(settings, both().text().replace("maxJobs:", "maxjob:"));
            Result refused = reload().run();
            assertThat(refused.exit()).isEqualTo(1);
            assertThat(refused.err())
                    .contains("nothing has changed", "changing.yaml:", "maxjob", "did you mean 'maxJobs'");
            Result refusedJson = reload().with("--json").run();
            assertThat(refusedJson.exit()).isEqualTo(1);
            ReloadAnswer faults = read(refusedJson.out(), ReloadAnswer.class);
            assertThat(faults.reloaded()).isFalse();
            assertThat(faults.faults().orElseThrow()).hasSize(2).allSatisfy(fault -> {
                assertThat(Path.of(fault.file()).getFileName()).hasToString("changing.yaml");
                assertThat(fault.key()).endsWith("maxjob");
            });
            dispatcher.signalReload();
            dispatcher.awaitLog("settings not reloaded, nothing has changed", LONG);
            dispatcher.awaitLog(settings + ":", LONG);
            assertThat(ask("machines", MachinesAnswer.class).machines())
                    .extracting(MachineAnswer::name)
                    .containsExactly(first.name());

            Files.writeString(
                    settings,
                    both().set("maxAttempts", 2).set("spool", spool("1GiB")).text());
            assertThat(ask(reload(), ReloadAnswer.class).needRestart().orElseThrow())
                    .singleElement()
                    .asString()
                    .startsWith("spool.size: ");
            // It may have seen the change before the command came.
            assertThat(dispatcher.log()).contains("machine %s added: ".formatted(second.name()), "maxAttempts: 3 -> 2");
            awaitRunning(second, 1);
            Result built = build.await(LONG).orFail();

            assertThat(built.lines()).hasSize(2).anyMatch(first::holds).anyMatch(second::holds);
        }
        assertThat(ask("history", HistoryAnswer.class).packages()).anySatisfy(known -> {
            assertThat(known.name()).isEqualTo("sleeper");
            assertThat(known.builds()).isGreaterThanOrEqualTo(2);
        });
    }

    @Test
    void removedMachineFinishesItsBuildAndIsLeftAloneThen() throws Exception {
        try (Background build = Background.start(sleepers(1), fleet.folder())) {
            awaitRunning(first, 1);
            both().without(first).write("changing");
            // Without a command: it sees by itself that the file has changed.
            await("it is removed", () -> machine(first).filter(it -> it.state().equals("removed")));
            assertThat(machine(first).orElseThrow().slotsTaken()).isEqualTo(1);

            String other = client.buildCommand("one")
                    .with("--builders", builders)
                    .run()
                    .orFail()
                    .out()
                    .strip();
            assertThat(second.holds(other)).isTrue();
            assertThat(build.alive()).isTrue();
            assertThat(build.await(LONG).orFail().lines()).singleElement().matches(first::holds);
        }
        await("it is gone", () -> machine(first).isEmpty() ? Optional.of(true) : Optional.empty());
        Await.until(
                LONG,
                () -> "no conversation with it",
                () -> first.processes("nix-daemon --stdio").isEmpty()
                        && first.processes("sshd: root").isEmpty());

        both().write("changing");
        dispatcher.signalReload();
        await("it is back", () -> machine(first).filter(it -> it.state().equals("ready")));
    }

    @Test
    void drainedMachineGetsNoBuildsUntilItIsResumedWhateverIsReloaded() throws Exception {
        both().write("changing");
        assertThat(ask(reload(), ReloadAnswer.class).needRestart().orElseThrow())
                .isEmpty();
        DrainAnswer drained = ask(command("drain", first.name(), "--wait"), DrainAnswer.class);
        assertThat(drained.changed()).isTrue();
        assertThat(machine(first).orElseThrow().state()).isEqualTo("drained");

        ExplainAnswer explained = ask(command("explain", "--system", "x86_64-linux"), ExplainAnswer.class);
        assertThat(explained.chosen()).contains(second.name());
        assertThat(explained.machines())
                .filteredOn(it -> it.name().equals(first.name()))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.verdict()).isEqualTo("not-now");
                    assertThat(it.reason().orElseThrow()).contains("drained");
                });
        Result never = command("explain", "--system", "riscv64-linux", "--json").run();
        assertThat(never.exit()).isEqualTo(4);
        assertThat(read(never.out(), ExplainAnswer.class).possible()).isFalse();

        both().without(first).write("changing");
        ask(reload(), ReloadAnswer.class);
        assertThat(machine(first)).isEmpty();
        both().write("changing");
        ask(reload(), ReloadAnswer.class);
        assertThat(machine(first).orElseThrow().state()).isEqualTo("drained");
        String built = client.buildCommand("one")
                .with("--builders", builders)
                .run()
                .orFail()
                .out()
                .strip();
        assertThat(second.holds(built)).isTrue();
        assertThat(first.holds(built)).isFalse();

        DrainAnswer resumed = ask(command("resume", first.name()), DrainAnswer.class);
        assertThat(resumed.machine().orElseThrow().state()).isEqualTo("ready");
    }

    @Test
    void derivationIsExplainedWithWhatItReadsAndWhereThatIs() throws Exception {
        String salt = NixClient.newSalt();
        client.buildCommand("chain", "salt", salt, "n", "2")
                .with("--builders", builders)
                .run()
                .orFail();
        both().write("changing");
        ask(reload(), ReloadAnswer.class);
        String last = client.run(
                        "nix-instantiate", Checkout.graph("chain"), "--argstr", "salt", salt, "--argstr", "n", "2")
                .orFail()
                .lines()
                .getLast();

        ExplainAnswer explained = ask(command("explain", client.outside(last)), ExplainAnswer.class);

        assertThat(explained.drv()).contains(Path.of(last).getFileName().toString());
        ExplainAnswer.Inputs inputs = explained.inputs();
        assertThat(inputs.paths()).isEqualTo(1);
        assertThat(inputs.unknown()).isZero();
        assertThat(inputs.bytes()).isPositive();
        assertThat(explained.machines())
                .filteredOn(it -> it.name().equals(first.name()))
                .singleElement()
                .satisfies(it -> assertThat(it.copyBytes()).contains(0L));
        assertThat(explained.machines())
                .filteredOn(it -> it.name().equals(second.name()))
                .singleElement()
                .satisfies(it -> assertThat(it.copyBytes()).contains(inputs.bytes()));
    }

    /// On a terminal of `script`, which has no size, so that the usual one is assumed.
    @Test
    void topShowsTheFleetOnATerminalAndGivesItBack() throws Exception {
        both().write("changing");
        ask(reload(), ReloadAnswer.class);
        try (Background build = Background.start(sleepers(1), fleet.folder())) {
            await(
                    "one runs",
                    () -> Optional.of(ask("machines", MachinesAnswer.class))
                            .filter(answer -> answer.machines().stream().anyMatch(it -> it.slotsTaken() == 1)));
            await(
                    "it builds",
                    () -> Optional.of(command("top", "--once").run().orFail())
                            .filter(once -> once.out().contains("building")));
            Result once = command("top", "--once").run().orFail();
            assertThat(once.out()).contains("1 running on 2 slots", first.name(), second.name(), "sleeper-");

            for (char quit : List.of('q', '\u0003')) {
                Process top = new ProcessBuilder(
                                "script",
                                "-qec",
                                "%s top --config %s".formatted(Checkout.dispatcher(), settings),
                                "/dev/null")
                        .redirectErrorStream(true)
                        .start();
                try {
                    StringBuilder shown = new StringBuilder();
                    while (shown.indexOf("sleeper-") < 0) {
                        int sign = top.getInputStream().read();
                        assertThat(sign).as("%s", shown).isNotNegative();
                        shown.append((char) sign);
                    }
                    top.getOutputStream().write(quit);
                    top.getOutputStream().flush();
                    String rest = new String(top.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                    assertThat(shown).contains("\u001b[?1049h");
                    assertThat(rest).contains("\u001b[?1049l");
                    assertThat(top.waitFor(30, TimeUnit.SECONDS)).isTrue();
                    assertThat(top.exitValue()).isZero();
                } finally {
                    top.destroyForcibly();
                }
            }
            build.await(LONG).orFail();
        }
    }

    @Test
    void secretsAreShownNowhere() throws Exception {
        client.buildCommand("sleepers", "n", "1", "seconds", "0.1")
                .with("--builders", builders)
                .run()
                .orFail();
        for (String command : List.of("machines", "queue", "history", "spool", "ping")) {
            for (List<String> more : List.of(List.<String>of(), List.of("--json"))) {
                assertHidden(command(command, more.toArray()).run().orFail());
            }
        }
        Files.writeString(settings, both().text().replace("secretKeyFile:", "secretKeyfile:"));
        assertHidden(reload().run());
        Path broken = Files.writeString(fleet.folder().resolve("broken-key"), Files.readString(signingKey()) + "AAAA");
        Files.setPosixFilePermissions(broken, PosixFilePermissions.fromString("rw-------"));
        dispatcher.stop();
        Path wrong = both().set("secretKeyFile", broken).write("wrong");
        Result refused =
                Command.of(Checkout.dispatcher(), "serve", "--config", wrong).run();
        assertThat(refused.exit()).isNotZero();
        assertThat(refused.err()).contains(broken.toString());
        assertHidden(refused);
    }

    // ---- what they do

    private void assertHidden(Result result) {
        assertThat(result.out() + result.err())
                .as(result.command().toString())
                .isNotEmpty()
                .doesNotContain(secrets);
    }

    private String spool(String size) {
        return "{path: %s, size: %s}".formatted(fleet.folder().resolve("spool"), size);
    }

    private Command reload() {
        return Command.of(Checkout.dispatcher(), "reload", "--config", settings);
    }

    private Command command(String name, Object... arguments) {
        return Command.of(Checkout.dispatcher(), name, "--config", settings).with(arguments);
    }

    private Command sleepers(int count) {
        return client.buildCommand("sleepers", "n", Integer.toString(count), "seconds", SLEEP)
                .with("--builders", builders);
    }

    private void awaitRunning(Fleet.Machine machine, int builds) throws Exception {
        await(
                "%d run on %s".formatted(builds, machine.name()),
                () -> machine(machine)
                        .filter(it -> it.slotsTaken() == builds && it.running().size() == builds));
    }

    private Optional<MachineAnswer> machine(Fleet.Machine machine) throws Exception {
        return ask("machines", MachinesAnswer.class).machines().stream()
                .filter(it -> it.name().equals(machine.name()))
                .findFirst();
    }

    private <T> T ask(String command, Class<T> type) throws Exception {
        return ask(command(command), type);
    }

    private static <T> T ask(Command command, Class<T> type) throws Exception {
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
