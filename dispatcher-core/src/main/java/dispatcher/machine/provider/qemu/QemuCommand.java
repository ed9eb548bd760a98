package dispatcher.machine.provider.qemu;

import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.ShellCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What QEMU is started with.
///
/// @param port of the host, which leads to the machine's SSH server
record QemuCommand(String machine, OnDemand.Qemu settings, QemuFolder folder, int port) {
    private static final Path KVM = Path.of("/dev/kvm");

    /// For the shell.
    String line() {
        return words().stream().map(ShellCommand::quoted).collect(Collectors.joining(" "));
    }

    List<String> words() {
        var words = new ArrayList<String>();
        words.add(settings.program());
        add(words, "-name", "dispatcher-" + value(machine));
        add(words, "-machine", isFor("x86_64") || isFor("i386") ? "q35" : "virt");
        var accelerator = accelerator();
        add(words, "-accel", accelerator.word());
        add(words, "-cpu", accelerator == OnDemand.Accelerator.TCG ? "max" : "host");
        add(words, "-smp", Integer.toString(settings.cores()));
        add(words, "-m", settings.memorySize() + "M");
        add(words, "-display", "none");
        add(words, "-chardev", "file,id=console,path=" + value(folder.console().toString()));
        add(words, "-serial", "chardev:console");
        add(
                words,
                "-chardev",
                "socket,id=qmp,server=on,wait=off,path=" + value(folder.socket().toString()));
        add(words, "-mon", "chardev=qmp,mode=control");
        add(words, "-pidfile", folder.pidFile().toString());
        add(words, "-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:%d-:22".formatted(port));
        add(words, "-device", "virtio-net-pci,netdev=net0");
        add(words, "-device", "virtio-rng-pci");
        if (hasDisk())
            add(
                    words,
                    "-drive",
                    "if=virtio,format=qcow2,discard=unmap,file="
                            + value(folder.disk().toString()));
        settings.kernel().ifPresent(file -> add(words, "-kernel", file.toString()));
        settings.initrd().ifPresent(file -> add(words, "-initrd", file.toString()));
        settings.append().ifPresent(text -> add(words, "-append", text));
        words.add("-daemonize");
        words.addAll(settings.extraArgs());
        return List.copyOf(words);
    }

    boolean hasDisk() {
        return settings.image().isPresent() || settings.diskSize().isPresent();
    }

    private static void add(List<String> words, String name, String value) {
        words.add(name);
        words.add(value);
    }

    /// In a list of QEMU, a comma is two.
    private static String value(String text) {
        return text.replace(",", ",,");
    }

    private OnDemand.Accelerator accelerator() {
        if (settings.accelerator() != OnDemand.Accelerator.AUTO) return settings.accelerator();
        if (!isFor(hostArchitecture())) return OnDemand.Accelerator.TCG;
        if (System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")) return OnDemand.Accelerator.HVF;
        return Files.isReadable(KVM) && Files.isWritable(KVM) ? OnDemand.Accelerator.KVM : OnDemand.Accelerator.TCG;
    }

    private boolean isFor(String architecture) {
        return settings.program().endsWith("-" + architecture);
    }

    private static String hostArchitecture() {
        var name = System.getProperty("os.arch");
        return name.equals("amd64") ? "x86_64" : name;
    }
}
