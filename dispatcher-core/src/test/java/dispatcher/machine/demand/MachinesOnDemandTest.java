package dispatcher.machine.demand;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.demand.LifecycleView.State;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.StoreDir;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.NoEngines;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachinesOnDemandTest {
    private static final Duration BOOT = Duration.ofMinutes(2);

    private final Machine machine = Machines.machine("a", 1, 1);
    private final FakeMachine far = new FakeMachine(machine);
    private final MachinesOnDemand machines = new MachinesOnDemand(new ManualClock(), NoEngines.PROVIDERS);

    @TempDir
    private Path directory;

    private Transport connect(MachineAddress address) {
        return new Transport() {
            @Override
            public CommandChannel open(String command) throws IOException, InterruptedException {
                return far.open(command);
            }

            @Override
            public void close() {}
        };
    }

    @AfterEach
    void end() {
        machines.close();
    }

    /// Its provider keeps in a file whether it runs.
    private Machine onDemand(String file, Duration idleAfter) {
        var path = directory.resolve(file);
        return machine.withOnDemand(new OnDemand(
                new OnDemand.Commands(
                        "touch " + path, Optional.of("rm " + path), Optional.of("test -e " + path), Optional.empty()),
                BOOT,
                idleAfter));
    }

    private boolean runs(String file) {
        return Files.exists(directory.resolve(file));
    }

    private State state() {
        return machines.of("a").orElseThrow().view().state();
    }

    @Test
    void aMachineThatIsAlwaysOnKeepsItsOwnTransport() {
        assertThat(machines.transport(machine, _ -> far)).isSameAs(far);
        assertThat(machines.of("a")).isEmpty();
    }

    @Test
    void nothingRunsBeforeTheMachineIsUsed() throws Exception {
        var transport = machines.transport(onDemand("vm", BOOT), this::connect);
        machines.look();
        Await.until("it was looked for", () -> state() == State.OFF);
        assertThat(runs("vm")).isFalse();
        transport.open(machine.command()).close();
        assertThat(runs("vm")).isTrue();
        assertThat(state()).isEqualTo(State.READY);
    }

    @Test
    void otherTimesLeaveItAsItIs() throws Exception {
        machines.transport(onDemand("vm", BOOT), this::connect)
                .open(machine.command())
                .close();
        var lifecycle = machines.of("a").orElseThrow();
        machines.replace(List.of(onDemand("vm", Duration.ofHours(1))));
        machines.transport(onDemand("vm", Duration.ofHours(1)), this::connect);
        assertThat(machines.of("a")).containsSame(lifecycle);
        assertThat(lifecycle.goal().settings().idleAfter()).isEqualTo(Duration.ofHours(1));
        assertThat(state()).isEqualTo(State.READY);
    }

    @Test
    void whatAnotherProviderStartedIsStoppedWhenItsLastUseEnds() throws Exception {
        var channel = machines.transport(onDemand("old", BOOT), this::connect).open(machine.command());
        var transport = machines.transport(onDemand("new", BOOT), this::connect);
        machines.replace(List.of(onDemand("new", BOOT)));
        transport.open(machine.command()).close();
        assertThat(runs("old")).isTrue();
        channel.close();
        Await.until("the old one is off", () -> !runs("old"));
        assertThat(runs("new")).isTrue();
    }

    @Test
    void aMachineThatIsGoneIsStopped() throws Exception {
        machines.transport(onDemand("vm", BOOT), this::connect)
                .open(machine.command())
                .close();
        machines.replace(List.of());
        Await.until("it is off", () -> !runs("vm"));
        assertThat(machines.of("a")).isEmpty();
    }

    @Test
    void theEndOfTheDispatcherLeavesItRunningForTheNext() throws Exception {
        machines.transport(onDemand("vm", BOOT), this::connect)
                .open(machine.command())
                .close();
        machines.close();
        assertThat(runs("vm")).isTrue();
        try (var next = new MachinesOnDemand(new ManualClock(), NoEngines.PROVIDERS)) {
            var transport = next.transport(onDemand("vm", BOOT), this::connect);
            next.look();
            Await.until(
                    "it is found",
                    () -> !transport.isOff()
                            && next.of("a").orElseThrow().view().state() == State.READY);
        }
    }

    /// Machine `cloud-INDEX` of a pool of two. A file of its name is there while it runs.
    private Machine ofPool(int index) {
        var pool = new Pool("cloud", new Pool.Range(0, 2), 0, OptionalInt.empty(), List.of());
        var member = new Pool.Member(pool, index);
        var file = directory + "/$DISPATCHER_MACHINE";
        var commands = new OnDemand.Commands(
                "echo $DISPATCHER_POOL $DISPATCHER_INDEX > " + file,
                Optional.of("rm " + file),
                Optional.empty(),
                Optional.empty(),
                Optional.of("ls " + directory));
        return Machines.machine(member.machine(), 1, 1)
                .withOnDemand(new OnDemand(commands, BOOT, Duration.ofHours(1)).in(member));
    }

    @Test
    void commandsOfAPoolKnowWhichMachineTheyStart() throws Exception {
        machines.transport(ofPool(2), this::connect).open(machine.command()).close();
        assertThat(directory.resolve("cloud-2")).hasContent("cloud 2");
    }

    @Test
    void machinesOfAPoolThatRunAreTakenOverAndThoseBeyondItAreStopped() throws Exception {
        for (var name : List.of("cloud-1", "cloud-3", "cloud-77", "cloud-03", "clouds-9", "cloud-", "other"))
            Files.createFile(directory.resolve(name));
        machines.transport(ofPool(1), this::connect);
        machines.transport(ofPool(2), this::connect);
        machines.look();
        Await.until("strays are stopped", () -> !runs("cloud-3") && !runs("cloud-77"));
        Await.until("1 is taken over", () -> machines.boot("cloud-1").isUp());
        Await.until(
                "2 is off", () -> machines.of("cloud-2").orElseThrow().view().state() == State.OFF);
        for (var name : List.of("cloud-1", "cloud-03", "clouds-9", "cloud-", "other"))
            assertThat(runs(name)).as(name).isTrue();
    }

    @Test
    void whatStartsOfOneMachineOfAPoolTookIsExpectedOfTheOthers() throws Exception {
        machines.transport(ofPool(2), this::connect);
        machines.transport(ofPool(1), this::connect).open(machine.command()).close();
        Await.until("the other one was looked for", () -> {
            machines.look();
            return machines.boot("cloud-2").takes().compareTo(Boot.ASSUMED) < 0;
        });
    }

    @Test
    void whoWantsToKnowWhichMachinesAreUpLearnsItOfAllAndOfEachChange() throws Exception {
        var transport = machines.transport(onDemand("vm", BOOT), this::connect);
        var seen = new CopyOnWriteArrayList<String>();
        machines.onBootChange(name -> seen.add(name + (machines.boot(name).isUp() ? " up" : " off")));
        assertThat(seen).isNotEmpty().containsOnly("a off");
        transport.open(machine.command()).close();
        Await.until("it is known", () -> seen.contains("a up"));
        assertThat(machines.boot("unknown")).isEqualTo(Boot.UP);
    }

    @Test
    void aLookAtAMachineThatVanishedDoesNotStartIt() throws Exception {
        var transport = machines.transport(onDemand("vm", BOOT), this::connect);
        var limits = new MachineLink.Limits(BOOT, BOOT);
        try (var link = new MachineLink(machine, transport, StoreDir.NIX_STORE, limits, System::nanoTime)) {
            transport.open(machine.command()).close();
            Files.delete(directory.resolve("vm"));
            far.refuse("connection refused");
            link.look();
            assertThat(link.isOff()).isTrue();
            assertThat(runs("vm")).isFalse();
        }
    }
}
