package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Shape;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.value.Types;
import dispatcher.machine.KeptHours;
import dispatcher.machine.MacAddress;
import dispatcher.machine.OnDemand;
import java.time.Duration;

/// What a machine that is started for builds and stopped when idle says of that, in the table of settings.
final class OnDemandKeys {
    private static final String PATH = "machines[].onDemand";

    static final Key<String> START = Key.of(PATH + ".command.start", Types.text())
            .required("the command that starts the machine")
            .example("virsh start builder")
            .counts(Effect.AT_ONCE)
            .help("""
                    Starts the machine; should end when that is done, at the latest after bootTimeout. What it leaves
                    running should write its output elsewhere.""");
    static final Key<String> STOP = Key.of(PATH + ".command.stop", Types.text())
            .presetIs("none; the machine stops by itself")
            .example("virsh shutdown builder")
            .counts(Effect.AT_ONCE)
            .help("Stops it; should end when it is off.");
    static final Key<String> STATUS = Key.of(PATH + ".command.status", Types.text())
            .presetIs("none; nobody can tell, and the start command must bear to be run once more")
            .example("virsh domstate builder | grep -q running")
            .counts(Effect.AT_ONCE)
            .help("""
                    Whether it runs: exit status 0 if it does. So a machine that runs is found when the dispatcher
                    starts, and one that went off by itself is started again.""");
    static final Key<String> ADDRESS = Key.of(PATH + ".command.address", Types.text())
            .presetIs("hostName and port")
            .example("address-of builder")
            .counts(Effect.AT_ONCE)
            .help("""
                    Prints `HOST` or `HOST:PORT` in its last line, if the machine is reached elsewhere after each start.
                    Its key is checked all the same; set publicHostKey.""");
    static final Key<String> LIST = Key.of(PATH + ".command.list", Types.text())
            .presetIs("none; status says of each machine whether it runs")
            .example("list-of-builders")
            .counts(Effect.AT_ONCE)
            .help("""
                    Prints the names of the machines that run, one a line: of a pool, so that those are found and stopped
                    that an earlier dispatcher started and that the pool does not have any more.""");
    static final Group COMMAND = Group.of(PATH + ".command", """
            Commands for /bin/sh -c on the dispatcher's host, run as the user that runs the dispatcher, with the name of
            the machine in $DISPATCHER_MACHINE.""", START, STOP, STATUS, ADDRESS, LIST);

    static final Key<String> UNIT = Key.of(PATH + ".systemd.unit", Types.text("unit", OnDemandKeys::unit))
            .required("the name of the unit")
            .example("container@builder.service")
            .counts(Effect.AT_ONCE)
            .help("The unit; the dispatcher's user must be allowed to start and stop it.");
    static final Group SYSTEMD = Group.of(
            PATH + ".systemd", "A unit of the dispatcher's host, such as a container or a virtual machine.", UNIT);

    static final Key<MacAddress> MAC = Key.of(PATH + ".wakeOnLan.mac", Types.text("MAC address", MacAddress::parse))
            .required("the MAC address of the host that sleeps")
            .example("\"52:54:00:12:34:56\"")
            .counts(Effect.AT_ONCE)
            .help("Whom to wake.");
    static final Key<String> BROADCAST = Key.of(PATH + ".wakeOnLan.broadcast", Types.text())
            .preset(OnDemand.WakeOnLan.DEFAULT_BROADCAST)
            .counts(Effect.AT_ONCE)
            .help("Where the packet is sent.");
    static final Key<Integer> PORT = Key.of(PATH + ".wakeOnLan.port", Types.whole(1, 65_535))
            .preset(OnDemand.WakeOnLan.DEFAULT_PORT)
            .counts(Effect.AT_ONCE)
            .help("Its port.");
    static final Group WAKE_ON_LAN = Group.of(
            PATH + ".wakeOnLan",
            "A host that sleeps until a magic packet comes, and goes to sleep by itself.",
            MAC,
            BROADCAST,
            PORT);

    static final Key<Duration> BOOT_TIMEOUT = Key.of(PATH + ".bootTimeout", Types.duration())
            .preset(OnDemand.DEFAULT_BOOT_TIMEOUT)
            .counts(Effect.AT_ONCE)
            .help("""
                    How long it may take from the start until it answers over SSH. Then the machine counts as broken, and
                    the build goes elsewhere.""");
    static final Key<Duration> IDLE_AFTER = Key.of(PATH + ".idleAfter", Types.duration())
            .preset(OnDemand.DEFAULT_IDLE_AFTER)
            .counts(Effect.AT_ONCE)
            .help("It is stopped when nobody has used it for so long.");
    static final Key<KeptHours> KEEP_UNTIL = Key.of(
                    PATH + ".keepUntil",
                    Type.of("time of day", new Shape.Pattern(KeptHours.EXPRESSION), KeptHours::parse))
            .presetIs("none; it is stopped when idle at any hour")
            .example("08:00-18:30")
            .counts(Effect.AT_ONCE)
            .help("""
                    A machine that runs is not stopped for being idle before this time of day of the dispatcher's host, or
                    in these hours: 18:30 means from midnight on, 08:00-18:30 from eight on.""");

    static final Group ON_DEMAND = Group.optional(
            PATH,
            """
            That the machine is started when a build goes there, and stopped when idle. Exactly one of command, systemd,
            container, qemu, launchd, linuxBuilder and wakeOnLan says how. Default: it is always on.""",
            """
            onDemand:
              command:
                start: virsh start builder
                stop: virsh shutdown builder
                status: virsh domstate builder | grep -q running
                address: address-of builder
                list: list-of-builders
              # Or, instead of command:
              # systemd:
              #   unit: container@builder.service
              # wakeOnLan:
              #   mac: "52:54:00:12:34:56"
              #   broadcast: 255.255.255.255
              #   port: 9
              # container:
              #   image: registry.example/nix-builder:1
              #   command: [/usr/sbin/sshd, -D, -e]
              #   environment: [TZ=UTC]
              #   mounts: [nix-of-builder:/nix]
              #   cpus: 4
              #   memory: 8GiB
              #   platform: linux/amd64
              #   socket: /var/run/docker.sock
              #   network: bridge
              #   sshPort: 22
              #   ephemeral: false
              #   sandbox: false
              # qemu:
              #   image: /var/lib/images/builder.qcow2
              #   kernel: /var/lib/images/vmlinuz
              #   initrd: /var/lib/images/initrd
              #   append: console=ttyS0 root=/dev/vda
              #   cores: 4
              #   memorySize: 8192
              #   diskSize: 40960
              #   ephemeral: false
              #   port: 31022
              #   program: qemu-system-x86_64
              #   accelerator: auto
              #   extraArgs: []
              # linuxBuilder:
              #   log: /var/log/linux-builder.log
              # launchd:
              #   label: org.example.builder
              #   domain: system
              #   plist: /Library/LaunchDaemons/org.example.builder.plist
              #   log: /var/log/builder.log
              bootTimeout: 2m
              idleAfter: 10m
              # keepUntil: 08:00-18:30
            """,
            COMMAND,
            SYSTEMD,
            WAKE_ON_LAN,
            ContainerKeys.CONTAINER,
            QemuKeys.QEMU,
            LaunchdKeys.LINUX_BUILDER,
            LaunchdKeys.LAUNCHD,
            BOOT_TIMEOUT,
            IDLE_AFTER,
            KEEP_UNTIL);

    private OnDemandKeys() {}

    private static String unit(String text) {
        if (!text.matches("[A-Za-z0-9:_.\\\\@][A-Za-z0-9:_.\\\\@-]*"))
            throw new IllegalArgumentException("'%s' is no name of a unit".formatted(text));
        return text;
    }
}
