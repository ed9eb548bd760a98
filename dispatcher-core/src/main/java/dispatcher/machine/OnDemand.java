package dispatcher.machine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// That a machine is started before builds and stopped when nobody needs it, as the settings say it.
///
/// @param bootTimeout above zero; from the start until it answers over SSH
/// @param idleAfter   above zero; how long nobody uses it before it is stopped
/// @param kept        hours in which one that runs is not stopped for being idle
/// @param pool        whose machine it is, if it is one of several that come and go with the queue
public record OnDemand(
        Provider provider,
        Duration bootTimeout,
        Duration idleAfter,
        Optional<KeptHours> kept,
        Optional<Pool.Member> pool) {
    public static final Duration DEFAULT_BOOT_TIMEOUT = Duration.ofMinutes(2);
    public static final Duration DEFAULT_IDLE_AFTER = Duration.ofMinutes(10);

    public OnDemand {
        if (!bootTimeout.isPositive()) throw new IllegalArgumentException("bootTimeout " + bootTimeout);
        if (!idleAfter.isPositive()) throw new IllegalArgumentException("idleAfter " + idleAfter);
    }

    /// One that is stopped when idle at any hour, and belongs to no pool.
    public OnDemand(Provider provider, Duration bootTimeout, Duration idleAfter) {
        this(provider, bootTimeout, idleAfter, Optional.empty(), Optional.empty());
    }

    public OnDemand in(Pool.Member member) {
        return new OnDemand(provider, bootTimeout, idleAfter, kept, Optional.of(member));
    }

    /// What starts and stops it. Two that are equal start the same machine in the same way.
    public sealed interface Provider {}

    /// Commands for `/bin/sh -c` on the dispatcher's host.
    ///
    /// @param stop    if the machine does not stop by itself
    /// @param status  exit status 0 if it runs
    /// @param address prints `HOST` or `HOST:PORT`, where it is reached now
    /// @param list    prints the names of machines that run, one a line
    public record Commands(
            String start,
            Optional<String> stop,
            Optional<String> status,
            Optional<String> address,
            Optional<String> list)
            implements Provider {
        /// Commands of which none lists machines.
        public Commands(String start, Optional<String> stop, Optional<String> status, Optional<String> address) {
            this(start, stop, status, address, Optional.empty());
        }

        public Commands {
            if (start.isBlank()) throw new IllegalArgumentException("a machine on demand has a start command");
        }

        @Override
        public String toString() {
            return "command '%s'".formatted(start);
        }
    }

    /// A unit of the systemd of the dispatcher's host.
    public record Systemd(String unit) implements Provider {
        public Systemd {
            if (unit.isBlank() || unit.startsWith("-"))
                throw new IllegalArgumentException("'%s' is no name of a unit".formatted(unit));
        }

        @Override
        public String toString() {
            return "systemd unit " + unit;
        }
    }

    /// A magic packet.
    ///
    /// @param broadcast name or address that it is sent to
    public record WakeOnLan(MacAddress mac, String broadcast, int port) implements Provider {
        public static final int DEFAULT_PORT = 9;
        public static final String DEFAULT_BROADCAST = "255.255.255.255";

        public WakeOnLan {
            if (port < 1 || port > 65_535)
                throw new IllegalArgumentException("port %d is not in 1 … 65535".formatted(port));
        }

        @Override
        public String toString() {
            return "Wake-on-LAN to " + mac;
        }
    }

    /// A service of the launchd of the dispatcher's host, a mac.
    ///
    /// @param label  such as `org.nixos.linux-builder`
    /// @param domain such as `system`, or `gui/501`
    /// @param plist  loaded if launchd does not know the service
    /// @param log    where the service writes what it prints
    public record Launchd(String label, String domain, Path plist, Optional<Path> log) implements Provider {
        public static final String SYSTEM = "system";

        public Launchd {
            if (!isLabel(label)) throw new IllegalArgumentException("'%s' is no label of a service".formatted(label));
            if (!isDomain(domain))
                throw new IllegalArgumentException(
                        "'%s' is no domain of launchd; write system, gui/UID or user/UID".formatted(domain));
        }

        public static boolean isLabel(String text) {
            return text.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*");
        }

        public static boolean isDomain(String text) {
            return text.matches("system|(gui|user|login)/\\d{1,10}");
        }

        /// Where plists of services of the whole host are.
        public static Path usualPlist(String label) {
            return Path.of("/Library/LaunchDaemons", label + ".plist");
        }

        @Override
        public String toString() {
            return "launchd service %s/%s".formatted(domain, label);
        }
    }

    /// A container of Docker or Podman on the dispatcher's host, with an SSH server in it.
    ///
    /// @param command     words; empty for the image's own
    /// @param environment such as `NAME=VALUE`
    /// @param mounts      as `docker run --volume` takes them
    /// @param memory      bytes
    /// @param socket      of the engine; found if it is not said
    /// @param network     `host`, or one of the engine's; its own default if it is not said
    /// @param sshPort     of the SSH server in the container
    /// @param ephemeral   whether it is removed when it stops, with all that is in it
    /// @param sandbox     whether Nix's sandbox is to work in it
    public record Container(
            String image,
            List<String> command,
            List<String> environment,
            List<String> mounts,
            Optional<Double> cpus,
            Optional<Long> memory,
            Optional<String> platform,
            Optional<Path> socket,
            Optional<String> network,
            int sshPort,
            boolean ephemeral,
            boolean sandbox)
            implements Provider {
        /// The network of the host itself.
        public static final String HOST = "host";

        public Container {
            if (image.isBlank() || image.startsWith("-"))
                throw new IllegalArgumentException("'%s' is no name of an image".formatted(image));
            if (sshPort < 1 || sshPort > 65_535)
                throw new IllegalArgumentException("port %d is not in 1 … 65535".formatted(sshPort));
            command = List.copyOf(command);
            environment = List.copyOf(environment);
            mounts = List.copyOf(mounts);
        }

        public MachineSize size() {
            return new MachineSize(cpus, memory, Optional.empty());
        }

        /// The same of another size; its disk does not count.
        public Container of(MachineSize size) {
            return new Container(
                    image,
                    command,
                    environment,
                    mounts,
                    size.cores(),
                    size.memory(),
                    platform,
                    socket,
                    network,
                    sshPort,
                    ephemeral,
                    sandbox);
        }

        /// The image's own command, in the engine's usual network, kept when it stops.
        public static Container of(String image) {
            return new Container(
                    image,
                    List.of(),
                    List.of(),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    MachineAddress.SSH_PORT,
                    false,
                    false);
        }

        @Override
        public String toString() {
            return "container of " + image;
        }
    }

    /// A virtual machine under a QEMU of its own, which forwards a port of the host to its SSH server.
    ///
    /// @param program     such as `qemu-system-x86_64`
    /// @param image       of its disk, which stays as it is: what is written goes to a layer above it
    /// @param append      for the kernel's command line
    /// @param cores       above zero
    /// @param memorySize  MiB, above zero
    /// @param diskSize    MiB, above zero; as large as the image if it is not said
    /// @param ephemeral   whether each start begins with the image as it is
    /// @param port        of the host; any free one if it is not said
    /// @param extraArgs   words after all others
    public record Qemu(
            String program,
            Optional<Path> image,
            Optional<Path> kernel,
            Optional<Path> initrd,
            Optional<String> append,
            int cores,
            int memorySize,
            Optional<Integer> diskSize,
            boolean ephemeral,
            Optional<Integer> port,
            Accelerator accelerator,
            List<String> extraArgs)
            implements Provider {
        public static final int DEFAULT_CORES = 1;
        public static final int DEFAULT_MEMORY_SIZE = 3072;

        public Qemu {
            if (image.isEmpty() && kernel.isEmpty())
                throw new IllegalArgumentException("a virtual machine has an image or a kernel");
            if (cores < 1 || memorySize < 1 || diskSize.orElse(1) < 1)
                throw new IllegalArgumentException("cores, memorySize and diskSize are above zero");
            extraArgs = List.copyOf(extraArgs);
        }

        public MachineSize size() {
            return new MachineSize(
                    Optional.of((double) cores), Optional.of(bytes(memorySize)), diskSize.map(Qemu::bytes));
        }

        private static long bytes(int mebibytes) {
            return (long) mebibytes << 20;
        }

        private static int mebibytes(long bytes) {
            return Math.clamp(bytes >> 20, 1, Integer.MAX_VALUE);
        }

        /// The same of another size, in whole cores and MiB.
        public Qemu of(MachineSize size) {
            return new Qemu(
                    program,
                    image,
                    kernel,
                    initrd,
                    append,
                    size.cores().map(it -> (int) Math.ceil(it)).orElse(cores),
                    size.memory().map(Qemu::mebibytes).orElse(memorySize),
                    size.disk().map(Qemu::mebibytes).or(() -> diskSize),
                    ephemeral,
                    port,
                    accelerator,
                    extraArgs);
        }

        @Override
        public String toString() {
            return "%s with %s".formatted(program, image.or(() -> kernel).orElseThrow());
        }
    }

    /// What runs the instructions of a virtual machine.
    public enum Accelerator {
        AUTO,
        KVM,
        HVF,
        TCG;

        /// For example `kvm`.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
