package dispatcher.cli.settings.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.machine.Machine;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.Trait;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.LocalTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `pool` of an entry of `machines`.
class PoolSettingsTest {
    private static final String COMMANDS = "onDemand: {command: {start: up, stop: down, address: where}}";

    @TempDir
    private Path directory;

    private List<Machine> read(String onDemand, String pool) throws IOException {
        return read("""
                  - hostName: cloud
                    system: x86_64-linux
                    maxJobs: 2
                    %s
                    %s
                """.formatted(onDemand, pool));
    }

    private List<Machine> read(String machines) throws IOException {
        var file = Files.writeString(directory.resolve("d.yaml"), "listen: {socket: d.sock}\nmachines:\n" + machines);
        return SettingsFile.load(file, new Surroundings(directory, directory, "me", "x86_64-linux", Map.of()))
                .machines();
    }

    private void assertFaults(String onDemand, String pool, String... faults) {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> read(onDemand, pool))
                .satisfies(
                        e -> assertThat(e.faults()).extracting(Fault::toString).containsExactly(faults));
    }

    private static Pool poolOf(Machine machine) {
        return machine.onDemand().flatMap(OnDemand::pool).orElseThrow().pool();
    }

    @Test
    void anEntryWithAPoolStandsForItsMachines() throws IOException {
        var machines = read(COMMANDS, "pool: {max: 3}");
        assertThat(machines).extracting(Machine::name).containsExactly("cloud-1", "cloud-2", "cloud-3");
        assertThat(machines).extracting(Machine::maxJobs).containsOnly(2);
        assertThat(machines.get(1)
                        .onDemand()
                        .flatMap(OnDemand::pool)
                        .orElseThrow()
                        .index())
                .isEqualTo(2);
        assertThat(poolOf(machines.getFirst()))
                .isEqualTo(new Pool("cloud", new Pool.Range(0, 3), 0, OptionalInt.empty(), List.of()));
        assertThat(read(COMMANDS, "pool:")).extracting(Machine::name).containsExactly("cloud");
    }

    @Test
    void itsMachinesMayDescribeThemselves() throws IOException {
        var machines = read("""
                  - hostName: cloud
                    maxJobs: 2
                    %s
                    pool: {max: 2}
                """.formatted(COMMANDS));
        assertThat(machines).hasSize(2).allSatisfy(machine -> {
            assertThat(machine.isDescribed()).isFalse();
            assertThat(machine.unstated()).containsExactlyInAnyOrder(Trait.SYSTEMS, Trait.FEATURES, Trait.MEMORY);
        });
    }

    @Test
    void aWindowMayHaveMoreMachines() throws IOException {
        var machines = read(COMMANDS, """
                pool:
                      max: 2
                      min: 1
                      warm: 1
                      maxBuildsPerMachine: 20
                      windows:
                        - {days: [mon, fri], from: 08:00, to: "18:30", max: 4}
                        - {from: 22:00, to: 06:00, max: 0}
                """);
        assertThat(machines).hasSize(4);
        var day = new Pool.Window(
                Set.of(DayOfWeek.MONDAY, DayOfWeek.FRIDAY),
                LocalTime.of(8, 0),
                LocalTime.of(18, 30),
                new Pool.Range(1, 4));
        var night = new Pool.Window(
                Set.of(DayOfWeek.values()), LocalTime.of(22, 0), LocalTime.of(6, 0), new Pool.Range(0, 0));
        assertThat(poolOf(machines.getFirst()))
                .isEqualTo(new Pool("cloud", new Pool.Range(1, 2), 1, OptionalInt.of(20), List.of(day, night)));
    }

    @Test
    void machinesOfAPoolMayBeListed() throws IOException {
        var machine = read("onDemand: {command: {start: up, stop: down, address: where, list: all}}", "pool: {max: 1}")
                .getFirst();
        assertThat(machine.onDemand().orElseThrow().provider())
                .isEqualTo(new OnDemand.Commands(
                        "up", Optional.of("down"), Optional.empty(), Optional.of("where"), Optional.of("all")));
    }

    @Test
    void itNeedsCommandsThatKnowTheirMachines() {
        assertFaults(
                "",
                "pool: {max: 2}",
                "d.yaml:7: machines[0].pool: is of machines on demand: onDemand has to say how each is started");
        assertFaults(
                "onDemand: {systemd: {unit: a.service}}",
                "pool: {max: 2}",
                "d.yaml:7: machines[0].pool: needs onDemand.command, container or qemu: nothing else knows which"
                        + " of its machines it starts");
        assertFaults(
                "onDemand: {command: {start: up, address: where}}",
                "pool: {max: 2}",
                "d.yaml:7: machines[0].pool: needs onDemand.command.stop, as its machines are stopped when idle");
        assertFaults(
                "onDemand: {command: {start: up, stop: down}}",
                "pool: {max: 2}",
                "d.yaml:7: machines[0].pool: needs onDemand.command.address, as each of its machines is reached elsewhere");
    }

    @Test
    void itsMachinesMayBeContainersAndVirtualMachines() throws IOException {
        assertThat(read("onDemand: {container: {image: i, mounts: [cache:/var/cache]}}", "pool: {max: 2}"))
                .hasSize(2);
        assertThat(read("onDemand: {qemu: {image: /i}}", "pool: {max: 3}")).hasSize(3);
    }

    @Test
    void itsMachinesShareNoPortAndNoStore() {
        assertFaults(
                "onDemand: {container: {image: i, network: host}}",
                "pool: {max: 2}",
                "d.yaml:7: machines[0].pool: needs a port for each of its machines, and in the network of the host all have"
                        + " the same");
        assertFaults(
                "onDemand: {container: {image: i, mounts: [store:/nix]}}",
                "pool: {max: 2}",
                "d.yaml:7: machines[0].pool: needs a store for each of its machines, and all would have that of the mount"
                        + " store:/nix");
        assertFaults(
                "onDemand: {qemu: {image: /i, port: 31022}}",
                "pool: {max: 2}",
                "d.yaml:7: machines[0].pool: needs a port for each of its machines: leave onDemand.qemu.port out for free"
                        + " ones");
    }

    @Test
    void numbersAndTimesThatMakeNoSenseAreRefused() {
        assertFaults(
                COMMANDS,
                "pool: {min: 1}",
                "d.yaml:7: machines[0].pool.max: is missing: how many machines the pool has at most");
        assertFaults(COMMANDS, "pool: {max: 2, min: 3}", "d.yaml:7: machines[0].pool: has min 3 above max 2");
        assertFaults(
                COMMANDS,
                "pool: {max: 2, windows: [{days: [], from: 08:00, to: 18:00, min: 3}]}",
                "d.yaml:7: machines[0].pool.windows[0]: has min 3 above max 2",
                "d.yaml:7: machines[0].pool.windows[0].days: names no day");
        assertFaults(
                COMMANDS,
                "pool: {max: 2, windows: [{days: [monday], from: 8am}]}",
                "d.yaml:7: machines[0].pool.windows[0].to: is missing: when the window ends, such as 18:00",
                "d.yaml:7: machines[0].pool.windows[0].days[0]: 'monday' is not one of mon, tue, wed, thu, fri, sat, sun; did you mean 'mon'?",
                "d.yaml:7: machines[0].pool.windows[0].from: '8am' is no time of day; write one such as 08:30");
    }

    @Test
    void aNameOfAnotherMachineIsRefused() {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> read("""
                          - {hostName: cloud-2, system: x86_64-linux}
                          - {hostName: cloud, system: x86_64-linux, %s, pool: {max: 2}}
                        """.formatted(COMMANDS)))
                .withMessageContaining("the name 'cloud-2' is taken");
    }
}
