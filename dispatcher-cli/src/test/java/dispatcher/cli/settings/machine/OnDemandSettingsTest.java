package dispatcher.cli.settings.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.machine.MacAddress;
import dispatcher.machine.Machine;
import dispatcher.machine.OnDemand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// `onDemand` of a machine.
class OnDemandSettingsTest {
    @TempDir
    private Path directory;

    private Machine read(String onDemand) throws IOException {
        var file = Files.writeString(
                directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                machines:
                  - hostName: a
                    system: x86_64-linux
                    %s
                """.formatted(onDemand.indent(4).strip()));
        return SettingsFile.load(file, new Surroundings(directory, directory, "me", "x86_64-linux", Map.of()))
                .machines()
                .getFirst();
    }

    private void assertFaults(String onDemand, String... faults) {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> read(onDemand))
                .satisfies(
                        e -> assertThat(e.faults()).extracting(Fault::toString).containsExactly(faults));
    }

    @Test
    void withoutItAMachineIsAlwaysOn() throws IOException {
        assertThat(read("").onDemand()).isEmpty();
        assertThat(read("onDemand:").onDemand()).isEmpty();
    }

    @Test
    void aMachineMayBeStartedByCommands() throws IOException {
        assertThat(read("""
                onDemand:
                  command: {start: vm up, stop: vm down, status: vm state, address: vm where}
                  bootTimeout: 90s
                  idleAfter: 1h
                """).onDemand())
                .contains(new OnDemand(
                        new OnDemand.Commands(
                                "vm up", Optional.of("vm down"), Optional.of("vm state"), Optional.of("vm where")),
                        Duration.ofSeconds(90),
                        Duration.ofHours(1)));
    }

    @Test
    void aMachineMayBeAUnit() throws IOException {
        assertThat(read("onDemand: {systemd: {unit: container@builder.service}}")
                        .onDemand())
                .contains(new OnDemand(
                        new OnDemand.Systemd("container@builder.service"),
                        Duration.ofMinutes(2),
                        Duration.ofMinutes(10)));
    }

    @Test
    void aMachineMayBeWoken() throws IOException {
        assertThat(read("onDemand: {wakeOnLan: {mac: '52-54-00-AB-CD-EF'}}")
                        .onDemand()
                        .map(OnDemand::provider))
                .contains(new OnDemand.WakeOnLan(MacAddress.parse("52:54:00:ab:cd:ef"), "255.255.255.255", 9));
        assertThat(read("onDemand: {wakeOnLan: {mac: '52:54:00:ab:cd:ef', broadcast: 192.0.2.255, port: 7}}")
                        .onDemand()
                        .map(OnDemand::provider))
                .contains(new OnDemand.WakeOnLan(MacAddress.parse("52:54:00:ab:cd:ef"), "192.0.2.255", 7));
    }

    static List<Key<?>> keysOfCommands() {
        return OnDemandKeys.ON_DEMAND
                .groups()
                .flatMap(group -> group.keys().stream())
                .filter(key -> key.path().matches(".*\\.onDemand\\.(command\\.)?[^.]*"))
                .collect(Collectors.toList());
    }

    @ParameterizedTest
    @MethodSource("keysOfCommands")
    void eachKeyIsRead(Key<?> key) throws IOException {
        var value = switch (key.type().words()) {
            case "duration" -> "7m";
            case "time of day" -> "07:00";
            default -> "'other'";
        };
        var isOfCommand = key.path().contains(".command.");
        var command = key.name().equals("start")
                ? "start: other"
                : isOfCommand ? "start: up, %s: %s".formatted(key.name(), value) : "start: up";
        var rest = isOfCommand ? "" : ", %s: %s".formatted(key.name(), value);
        assertThat(read("onDemand: {command: {%s}%s}".formatted(command, rest)))
                .isNotEqualTo(read("onDemand: {command: {start: up}}"));
    }

    @Test
    void exactlyOneProviderStartsIt() {
        assertFaults(
                "onDemand: {idleAfter: 5m}",
                "d.yaml:5: machines[0].onDemand: does not say how the machine is started: one of command, systemd,"
                        + " container, qemu, launchd, linuxBuilder, wakeOnLan is needed");
        assertFaults(
                "onDemand: {systemd: {unit: a.service}, command: {start: up}}",
                "d.yaml:5: machines[0].onDemand: has command, systemd; only one of them can start the machine");
    }

    @Test
    void aProviderHasWhatItNeeds() {
        assertFaults(
                "onDemand: {command: {stop: down}}",
                "d.yaml:5: machines[0].onDemand.command.start: is missing: the command that starts the machine");
        assertFaults(
                "onDemand: {systemd: {}}",
                "d.yaml:5: machines[0].onDemand.systemd.unit: is missing: the name of the unit");
        assertFaults(
                "onDemand: {wakeOnLan: {port: 9}}",
                "d.yaml:5: machines[0].onDemand.wakeOnLan.mac: is missing: the MAC address of the host that sleeps");
    }

    @Test
    void whatIsWrongIsNamed() {
        assertFaults(
                """
                onDemand:
                  bootTimout: 1m
                  idleAfter: 0s
                  wakeOnLan: {mac: 52.54, brodcast: 192.0.2.255, port: 0}
                """,
                "d.yaml:6: machines[0].onDemand.bootTimout: unknown key; did you mean 'bootTimeout'?",
                "d.yaml:7: machines[0].onDemand.idleAfter: '0s' should be above zero",
                "d.yaml:8: machines[0].onDemand.wakeOnLan.mac: '52.54' is no MAC address; write six bytes, such as"
                        + " 52:54:00:12:34:56",
                "d.yaml:8: machines[0].onDemand.wakeOnLan.port: '0' is not a whole number from 1 to 65535",
                "d.yaml:8: machines[0].onDemand.wakeOnLan.brodcast: unknown key; did you mean 'broadcast'?");
        assertFaults(
                "onDemand: {systemd: {unit: --user}}",
                "d.yaml:5: machines[0].onDemand.systemd.unit: '--user' is no name of a unit");
    }

    @Test
    void nothingRunsWhileItIsRead() throws IOException {
        var trace = directory.resolve("ran");
        read("onDemand: {command: {start: 'touch %1$s', status: 'touch %1$s', address: 'touch %1$s'}}"
                .formatted(trace));
        assertThat(trace).doesNotExist();
    }
}
