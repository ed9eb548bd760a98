package dispatcher.machine.provider.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.OnDemand;
import dispatcher.machine.OnDemand.Accelerator;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QemuCommandTest {
    private static final Path IMAGE = Path.of("/images/a,b.qcow2");

    private static List<String> words(OnDemand.Qemu settings) {
        return new QemuCommand("a b", settings, new QemuFolder(Path.of("/state/a,b")), 31022).words();
    }

    private static OnDemand.Qemu machine(Optional<Path> image, Optional<Integer> diskSize, Accelerator accelerator) {
        return new OnDemand.Qemu(
                "qemu-system-x86_64",
                image,
                Optional.of(Path.of("/boot/vmlinuz")),
                Optional.of(Path.of("/boot/initrd")),
                Optional.of("console=ttyS0 quiet"),
                3,
                2048,
                diskSize,
                false,
                Optional.empty(),
                accelerator,
                List.of("-rtc", "base=utc"));
    }

    @Test
    void whatTheSettingsSayIsInItsPlace() {
        var words = words(machine(Optional.of(IMAGE), Optional.empty(), Accelerator.TCG));
        assertThat(words)
                .startsWith("qemu-system-x86_64")
                .containsSequence("-accel", "tcg")
                .containsSequence("-cpu", "max")
                .containsSequence("-smp", "3")
                .containsSequence("-m", "2048M")
                .containsSequence("-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:31022-:22")
                .containsSequence("-kernel", "/boot/vmlinuz", "-initrd", "/boot/initrd")
                .containsSequence("-append", "console=ttyS0 quiet")
                .endsWith("-daemonize", "-rtc", "base=utc");
    }

    @Test
    void aCommaInAPathIsNoEndOfIt() {
        var words = words(machine(Optional.of(IMAGE), Optional.empty(), Accelerator.TCG));
        assertThat(words)
                .contains("if=virtio,format=qcow2,discard=unmap,file=/state/a,,b/disk.qcow2")
                .contains("socket,id=qmp,server=on,wait=off,path=/state/a,,b/qmp.sock")
                .contains("file,id=console,path=/state/a,,b/console.log")
                .containsSequence("-pidfile", "/state/a,b/pid");
    }

    @Test
    void withoutAnImageTheDiskIsEmptyOrThereIsNone() {
        assertThat(words(machine(Optional.empty(), Optional.empty(), Accelerator.KVM)))
                .doesNotContain("-drive")
                .containsSequence("-cpu", "host");
        assertThat(words(machine(Optional.empty(), Optional.of(1024), Accelerator.KVM)))
                .contains("-drive");
    }

    @Test
    void eachWordIsOneForTheShell() {
        var line = new QemuCommand(
                        "it's",
                        machine(Optional.empty(), Optional.empty(), Accelerator.TCG),
                        new QemuFolder(Path.of("/state/m")),
                        1)
                .line();
        assertThat(line).startsWith("'qemu-system-x86_64' '-name' 'dispatcher-it'\\''s' ");
    }
}
