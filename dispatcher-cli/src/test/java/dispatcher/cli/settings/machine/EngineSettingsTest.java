package dispatcher.cli.settings.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.machine.KeptHours;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.OnDemand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// `onDemand` of machines that are containers, virtual machines, or services of a mac.
class EngineSettingsTest {
    @TempDir
    private Path directory;

    private Machine read(String entry) throws IOException {
        var file = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                machines:
                  - %s
                """.formatted(entry));
        return SettingsFile.load(file, new Surroundings(directory, directory, "me", "x86_64-linux", Map.of()))
                .machines()
                .getFirst();
    }

    private OnDemand.Provider provider(String provider) throws IOException {
        return read("{hostName: a, system: aarch64-linux, onDemand: {%s}}".formatted(provider))
                .onDemand()
                .orElseThrow()
                .provider();
    }

    private void assertFaults(String provider, String... faults) {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> provider(provider))
                .satisfies(e -> assertThat(e.faults())
                        .extracting(Fault::toString)
                        .containsExactly(Stream.of(faults)
                                .map(fault -> "d.yaml:3: machines[0].onDemand." + fault)
                                .toArray(String[]::new)));
    }

    @Test
    void anImageIsAllThatAContainerNeeds() throws IOException {
        assertThat(provider("container: {image: builder}")).isEqualTo(OnDemand.Container.of("builder"));
    }

    @Test
    void anImageIsAllThatAVirtualMachineNeeds() throws IOException {
        assertThat(provider("qemu: {image: disk.qcow2}"))
                .isEqualTo(new OnDemand.Qemu(
                        "qemu-system-aarch64",
                        Optional.of(directory.resolve("disk.qcow2")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        1,
                        3072,
                        Optional.empty(),
                        false,
                        Optional.empty(),
                        OnDemand.Accelerator.AUTO,
                        List.of()));
    }

    @Test
    void aServiceOfLaunchdHasItsUsualPlist() throws IOException {
        assertThat(provider("launchd: {label: org.example.builder}"))
                .isEqualTo(new OnDemand.Launchd(
                        "org.example.builder",
                        "system",
                        Path.of("/Library/LaunchDaemons/org.example.builder.plist"),
                        Optional.empty()));
    }

    static Stream<Key<?>> keys() {
        return Stream.of(ContainerKeys.CONTAINER, QemuKeys.QEMU, LaunchdKeys.LAUNCHD, LaunchdKeys.LINUX_BUILDER)
                .map(Group::keys)
                .flatMap(List::stream);
    }

    private static String value(Key<?> key) {
        if (key.name().equals("mounts")) return "[here:/there]";
        if (key.name().equals("environment")) return "[A=b]";
        if (key.isList()) return "[other]";
        return switch (key.type().words()) {
            case "size above 0" -> "7GiB";
            case "true or false" -> "true";
            case "platform" -> "linux/riscv64";
            case "domain" -> "gui/501";
            case "auto, kvm, hvf, tcg" -> "tcg";
            case "path", "text", "image", "network", "label" -> "other";
            default -> "7";
        };
    }

    @ParameterizedTest
    @MethodSource("keys")
    void eachKeyIsRead(Key<?> key) throws IOException {
        var group = key.path().replaceFirst(".*\\.onDemand\\.([^.]*)\\..*", "$1");
        var needed = switch (group) {
            case "container" -> "image: a";
            case "qemu" -> "kernel: k";
            case "launchd" -> "label: a";
            default -> "";
        };
        var changed = "%s: %s".formatted(key.name(), value(key));
        var all = needed.isEmpty() || needed.startsWith(key.name() + ":") ? changed : needed + ", " + changed;
        assertThat(provider("%s: {%s}".formatted(group, all)))
                .isNotEqualTo(provider("%s: {%s}".formatted(group, needed)));
    }

    @Test
    void theVirtualMachineOfNixDarwinIsKnown() throws IOException {
        var machine = read("{hostName: linux-builder, system: aarch64-linux, onDemand: {linuxBuilder: {}}}");
        assertThat(machine.name()).isEqualTo("linux-builder");
        assertThat(machine.address()).hasToString("builder@localhost:31022");
        assertThat(machine.address().keyFile()).contains(Path.of("/etc/nix/builder_ed25519"));
        assertThat(machine.address().publicHostKey())
                .contains("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJBWcxb/Blaqt1auOtE+F8QUWrUotiC5qBJ+UuEWdVCb");
        assertThat(machine.protocol()).isEqualTo(MachineProtocol.SSH_NG);
        assertThat(machine.onDemand().orElseThrow().provider())
                .isEqualTo(new OnDemand.Launchd(
                        "org.nixos.linux-builder",
                        "system",
                        Path.of("/Library/LaunchDaemons/org.nixos.linux-builder.plist"),
                        Optional.of(Path.of("/var/log/linux-builder.log"))));
    }

    @Test
    void whatItsEntrySaysCountsMore() throws IOException {
        var machine = read("{hostName: vm, port: 2200, sshUser: nix, sshKey: k, protocol: ssh, system: aarch64-linux,"
                + " onDemand: {linuxBuilder: {}}}");
        assertThat(machine.address()).hasToString("nix@vm:2200");
        assertThat(machine.address().keyFile()).contains(directory.resolve("k"));
        assertThat(machine.protocol()).isEqualTo(MachineProtocol.SSH);
    }

    @Test
    void hoursInWhichItIsKeptAreRead() throws IOException {
        var kept =
                read("{hostName: a, system: aarch64-linux, onDemand: {container: {image: a}, keepUntil: 08:00-18:30}}")
                        .onDemand()
                        .flatMap(OnDemand::kept);
        assertThat(kept).contains(KeptHours.parse("08:00-18:30"));
        assertThat(read("{hostName: a, system: x, onDemand: {container: {image: a}, keepUntil: 18:30}}")
                        .onDemand()
                        .flatMap(OnDemand::kept))
                .contains(KeptHours.parse("18:30"));
    }

    @Test
    void whatIsWrongIsNamed() {
        assertFaults("container: {}", "container.image: is missing: the image of the container");
        assertFaults(
                "container: {image: -v, network: none, mounts: [/a], environment: [A], platform: amd64, cpus: 0}",
                "container.image: '-v' is no name of an image",
                "container.environment[0]: 'A' is no variable; write NAME=VALUE",
                "container.mounts[0]: '/a' is no mount; write SOURCE:TARGET, with an absolute path as TARGET",
                "container.cpus: '0' is not a number above 0",
                "container.platform: 'amd64' is no platform; write one such as linux/arm64",
                "container.network: without a network nobody reaches the machine");
        assertFaults("qemu: {cores: 2}", "qemu: needs an image of a disk, or a kernel");
        assertFaults("qemu: {image: a, initrd: b}", "qemu.initrd: goes with `kernel`");
        assertFaults(
                "launchd: {label: 'a b', domain: root}",
                "launchd.label: 'a b' is no label of a service",
                "launchd.domain: 'root' is no domain of launchd; write system, gui/UID or user/UID");
    }
}
