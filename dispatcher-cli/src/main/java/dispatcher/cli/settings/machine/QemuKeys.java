package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Types;
import dispatcher.machine.OnDemand;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/// A machine that is a virtual one under QEMU, in the table of settings. Names and units are those of nix-darwin's
/// `nix.linux-builder` and NixOS' `virtualisation` where they have the same.
final class QemuKeys {
    private static final String PATH = "machines[].onDemand.qemu";

    static final Key<Path> IMAGE = Key.of(PATH + ".image", Types.path())
            .presetIs("none; then kernel is needed")
            .example("/var/lib/images/builder.qcow2")
            .counts(Effect.AT_ONCE)
            .help("""
                    The image of its disk, raw or qcow2. It stays as it is: what the machine writes goes to a layer above
                    it, in the dispatcher's state directory.""");
    static final Key<Path> KERNEL = Key.of(PATH + ".kernel", Types.path())
            .presetIs("the image boots by itself")
            .example("/var/lib/images/vmlinuz")
            .counts(Effect.AT_ONCE)
            .help("A kernel that QEMU loads.");
    static final Key<Path> INITRD = Key.of(PATH + ".initrd", Types.path())
            .example("/var/lib/images/initrd")
            .counts(Effect.AT_ONCE)
            .help("Its initial RAM disk.");
    static final Key<String> APPEND = Key.of(PATH + ".append", Types.text())
            .example("console=ttyS0 root=/dev/vda")
            .counts(Effect.AT_ONCE)
            .help("Its command line. What it prints to the serial console is shown by `dispatcher machine logs`.");
    static final Key<Integer> CORES = Key.of(PATH + ".cores", Types.whole(1, Integer.MAX_VALUE))
            .preset(OnDemand.Qemu.DEFAULT_CORES)
            .counts(Effect.AT_ONCE)
            .help("Virtual processors.");
    static final Key<Integer> MEMORY_SIZE = Key.of(PATH + ".memorySize", Types.whole(1, Integer.MAX_VALUE))
            .preset(OnDemand.Qemu.DEFAULT_MEMORY_SIZE)
            .counts(Effect.AT_ONCE)
            .help("Its memory, in MiB.");
    static final Key<Integer> DISK_SIZE = Key.of(PATH + ".diskSize", Types.whole(1, Integer.MAX_VALUE))
            .presetIs("that of the image; without an image, no disk")
            .example("20480")
            .counts(Effect.AT_ONCE)
            .help("Its disk, in MiB. A disk only grows.");
    static final Key<Boolean> EPHEMERAL = Key.of(PATH + ".ephemeral", Types.flag())
            .preset(false)
            .counts(Effect.AT_ONCE)
            .help(
                    "Whether each start begins with the image as it is. Otherwise the disk is kept, and the store on it.");
    static final Key<Integer> PORT = Key.of(PATH + ".port", Types.whole(1, 65_535))
            .presetIs("a free one at each start")
            .example("31022")
            .counts(Effect.AT_ONCE)
            .help("""
                    The port of 127.0.0.1 that leads to port 22 of the machine; hostName and port of the entry do not
                    count. Set publicHostKey.""");
    static final Key<String> PROGRAM = Key.of(PATH + ".program", Types.text())
            .presetIs("qemu-system-ARCH for the first of systems, as found on $PATH")
            .example("/usr/bin/qemu-system-x86_64")
            .counts(Effect.AT_ONCE)
            .help("The QEMU. `qemu-img` is needed too, if there is a disk.");
    static final Key<OnDemand.Accelerator> ACCELERATOR = Key.of(
                    PATH + ".accelerator",
                    Types.word(
                            Arrays.stream(OnDemand.Accelerator.values())
                                    .map(OnDemand.Accelerator::word)
                                    .toList(),
                            OnDemand.Accelerator::word,
                            text -> Arrays.stream(OnDemand.Accelerator.values())
                                    .filter(it -> it.word().equals(text))
                                    .findFirst()))
            .preset(OnDemand.Accelerator.AUTO)
            .counts(Effect.AT_ONCE)
            .help("""
                    auto: kvm if the machine is of the host's architecture and /dev/kvm can be used, hvf on such a mac,
                    else tcg, which emulates and is slow.""");
    static final Key<String> EXTRA_ARGS = Key.list(PATH + ".extraArgs", Types.text())
            .example("[-bios, /usr/share/qemu/edk2-aarch64-code.fd]")
            .counts(Effect.AT_ONCE)
            .help("Further words for QEMU.");

    static final Group QEMU = Group.of(
            PATH,
            "A virtual machine under a QEMU of its own, which runs as the user of the dispatcher.",
            IMAGE,
            KERNEL,
            INITRD,
            APPEND,
            CORES,
            MEMORY_SIZE,
            DISK_SIZE,
            EPHEMERAL,
            PORT,
            PROGRAM,
            ACCELERATOR,
            EXTRA_ARGS);

    private QemuKeys() {}

    /// @param system of the machine, if it names one
    static Optional<OnDemand.Provider> read(Section section, Optional<String> system) {
        var image = section.get(IMAGE);
        var kernel = section.get(KERNEL);
        var initrd = section.get(INITRD);
        var append = section.get(APPEND);
        int cores = section.value(CORES);
        int memorySize = section.value(MEMORY_SIZE);
        var diskSize = section.get(DISK_SIZE);
        boolean ephemeral = section.value(EPHEMERAL);
        var port = section.get(PORT);
        var program = section.get(PROGRAM).or(() -> system.map(QemuKeys::program));
        var accelerator = section.value(ACCELERATOR);
        var extraArgs = section.values(EXTRA_ARGS);
        if (!section.has(IMAGE) && !section.has(KERNEL)) section.fault("needs an image of a disk, or a kernel");
        if (kernel.isEmpty()) {
            if (section.has(INITRD)) section.fault(INITRD, "goes with `kernel`");
            if (section.has(APPEND)) section.fault(APPEND, "goes with `kernel`");
        }
        if (program.isEmpty() || (image.isEmpty() && kernel.isEmpty())) return Optional.empty();
        return Optional.of(new OnDemand.Qemu(
                program.get(),
                image,
                kernel,
                initrd,
                append,
                cores,
                memorySize,
                diskSize,
                ephemeral,
                port,
                accelerator,
                extraArgs));
    }

    /// As QEMU calls what Nix calls so.
    private static String program(String system) {
        var architecture = system.replaceFirst("-.*", "");
        return "qemu-system-"
                + switch (architecture) {
                    case "i686" -> "i386";
                    case "armv6l", "armv7l" -> "arm";
                    case "powerpc64le" -> "ppc64";
                    default -> architecture;
                };
    }
}
