package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.control.Fields;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What an operator asks and tells a dispatcher that builds: `machines`, `queue`, `explain`, `history`, `drain`,
/// `resume`, `reload`. Two machines with one slot each.
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

    /// Without a fault, whatever is in the file that the dispatcher reads, and of the same state.
    private Path asking;

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
        asking = both().write("asking");
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

    @Test
    void machineThatIsAddedTakesWhatWaitsAndAWrongFileChangesNothing() throws Exception {
        try (Background build = Background.start(sleepers(2), fleet.folder())) {
            awaitRunning(first, 1);
            Fields waiting =
                    await("one waits", () -> Optional.of(ask("queue")).filter(queue -> queue.number("waiting") == 1));
            assertThat(waiting.objects("builds")).singleElement().satisfies(one -> {
                assertThat(one.text("drv")).contains("sleeper-");
                assertThat(one.text("system")).isEqualTo("x86_64-linux");
                assertThat(one.number("place")).isEqualTo(1);
                assertThat(one.isUnknown("untilExpected") || one.decimal("untilExpected") < 86_400)
                        .isTrue();
            });

            Files.writeString(settings, both().text().replace("maxJobs:", "maxjob:"));
            Result refused = reload().run();
            assertThat(refused.exit()).isEqualTo(1);
            assertThat(refused.err())
                    .contains("nothing has changed", "changing.yaml:", "maxjob", "did you mean 'maxJobs'");
            Result refusedJson = reload().with("--json").run();
            assertThat(refusedJson.exit()).isEqualTo(1);
            Fields faults = fields(refusedJson.out());
            assertThat(faults.flag("reloaded")).isFalse();
            assertThat(faults.objects("faults")).hasSize(2).allSatisfy(fault -> {
                assertThat(Path.of(fault.text("file")).getFileName()).hasToString("changing.yaml");
                assertThat(fault.text("key")).endsWith("maxjob");
            });
            dispatcher.signalReload();
            dispatcher.awaitLog("settings not reloaded, nothing has changed", LONG);
            dispatcher.awaitLog(settings + ":", LONG);
            assertThat(ask("machines").objects("machines"))
                    .extracting(machine -> machine.text("name"))
                    .containsExactly(first.name());

            Files.writeString(
                    settings,
                    both().set("maxAttempts", 2).set("spool", spool("1GiB")).text());
            assertThat(ask(reload()).texts("needRestart"))
                    .singleElement()
                    .asString()
                    .startsWith("spool.size: ");
            // It may have seen the change before it was told to.
            assertThat(dispatcher.log()).contains("machine %s added: ".formatted(second.name()), "maxAttempts: 3 -> 2");
            awaitRunning(second, 1);
            Result built = build.await(LONG).orFail();

            assertThat(built.lines()).hasSize(2).anyMatch(first::holds).anyMatch(second::holds);
        }
        assertThat(ask("history").objects("packages")).anySatisfy(known -> {
            assertThat(known.text("name")).isEqualTo("sleeper");
            assertThat(known.number("builds")).isGreaterThanOrEqualTo(2);
        });
    }

    @Test
    void removedMachineFinishesItsBuildAndIsLeftAloneThen() throws Exception {
        try (Background build = Background.start(sleepers(1), fleet.folder())) {
            awaitRunning(first, 1);
            both().without(first).write("changing");
            // Nobody tells it: it sees by itself that the file has changed.
            await(
                    "it is removed",
                    () -> machine(first).filter(it -> it.text("state").equals("removed")));
            assertThat(machine(first).orElseThrow().number("slotsTaken")).isEqualTo(1);

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
        await("it is back", () -> machine(first).filter(it -> it.text("state").equals("ready")));
    }

    @Test
    void drainedMachineGetsNoBuildsUntilItIsResumedWhateverIsReloaded() throws Exception {
        both().write("changing");
        assertThat(ask(reload()).texts("needRestart")).isEmpty();
        Fields drained = fields(command("drain", first.name(), "--wait", "--json")
                .run()
                .orFail()
                .out());
        assertThat(drained.flag("changed")).isTrue();
        assertThat(machine(first).orElseThrow().text("state")).isEqualTo("drained");

        Fields explained = ask(command("explain", "--system", "x86_64-linux"));
        assertThat(explained.text("chosen")).isEqualTo(second.name());
        assertThat(explained.objects("machines"))
                .filteredOn(it -> it.text("name").equals(first.name()))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.text("verdict")).isEqualTo("not-now");
                    assertThat(it.text("reason")).contains("drained");
                });
        Result never = command("explain", "--system", "riscv64-linux", "--json").run();
        assertThat(never.exit()).isEqualTo(1);
        assertThat(fields(never.out()).flag("possible")).isFalse();

        both().without(first).write("changing");
        ask(reload());
        assertThat(machine(first)).isEmpty();
        both().write("changing");
        ask(reload());
        assertThat(machine(first).orElseThrow().text("state")).isEqualTo("drained");
        String built = client.buildCommand("one")
                .with("--builders", builders)
                .run()
                .orFail()
                .out()
                .strip();
        assertThat(second.holds(built)).isTrue();
        assertThat(first.holds(built)).isFalse();

        Fields resumed = ask(command("resume", first.name()));
        assertThat(resumed.object("machine").text("state")).isEqualTo("ready");
    }

    @Test
    void derivationIsExplainedWithWhatItReadsAndWhereThatIs() throws Exception {
        String salt = NixClient.newSalt();
        client.buildCommand("chain", "salt", salt, "n", "2")
                .with("--builders", builders)
                .run()
                .orFail();
        both().write("changing");
        ask(reload());
        String last = client.run(
                        "nix-instantiate", Checkout.graph("chain"), "--argstr", "salt", salt, "--argstr", "n", "2")
                .orFail()
                .lines()
                .getLast();

        Fields explained = ask(command("explain", client.outside(last)));

        assertThat(explained.text("drv")).isEqualTo(Path.of(last).getFileName().toString());
        Fields inputs = explained.object("inputs");
        assertThat(inputs.number("paths")).isEqualTo(1);
        assertThat(inputs.number("unknown")).isZero();
        assertThat(inputs.number("bytes")).isPositive();
        assertThat(explained.objects("machines"))
                .filteredOn(it -> it.text("name").equals(first.name()))
                .singleElement()
                .satisfies(it -> assertThat(it.number("copyBytes")).isZero());
        assertThat(explained.objects("machines"))
                .filteredOn(it -> it.text("name").equals(second.name()))
                .singleElement()
                .satisfies(it -> assertThat(it.number("copyBytes")).isEqualTo(inputs.number("bytes")));
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
        return Command.of(Checkout.dispatcher(), name, "--config", asking).with(arguments);
    }

    private Command sleepers(int count) {
        return client.buildCommand("sleepers", "n", Integer.toString(count), "seconds", SLEEP)
                .with("--builders", builders);
    }

    private void awaitRunning(Fleet.Machine machine, int builds) throws Exception {
        await(
                "%d run on %s".formatted(builds, machine.name()),
                () -> machine(machine)
                        .filter(it -> it.number("slotsTaken") == builds
                                && it.objects("running").size() == builds));
    }

    private Optional<Fields> machine(Fleet.Machine machine) throws Exception {
        List<Fields> all = ask("machines").objects("machines");
        return all.stream().filter(it -> it.text("name").equals(machine.name())).findFirst();
    }

    private Fields ask(String command) throws Exception {
        return ask(command(command));
    }

    private static Fields ask(Command command) throws Exception {
        return fields(command.with("--json").run().orFail().out());
    }

    private static Fields fields(String json) {
        return new Fields((Json.Members) Json.parse(json));
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
