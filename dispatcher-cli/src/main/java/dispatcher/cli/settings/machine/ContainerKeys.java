package dispatcher.cli.settings.machine;

import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Shape;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.value.Types;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import java.nio.file.Path;
import java.util.Optional;

/// A machine that is a container of Docker or Podman, in the table of settings.
final class ContainerKeys {
    private static final String PATH = "machines[].onDemand.container";

    static final Key<String> IMAGE = Key.of(PATH + ".image", Types.text("image", ContainerKeys::image))
            .required("the image of the container")
            .example("registry.example/nix-builder:1")
            .counts(Effect.AT_ONCE)
            .help("""
                    The image: Nix, and an SSH server that its command runs. One that the engine does not have is pulled,
                    within bootTimeout.""");
    static final Key<String> COMMAND = Key.list(PATH + ".command", Types.text())
            .presetIs("the image's own")
            .example("[/usr/sbin/sshd, -D, -e]")
            .counts(Effect.AT_ONCE)
            .help("What runs in it, in words.");
    static final Key<String> ENVIRONMENT = Key.list(
                    PATH + ".environment", Types.text("NAME=VALUE", ContainerKeys::variable))
            .example("[TZ=UTC]")
            .counts(Effect.AT_ONCE)
            .help("Variables for it. All users of the engine can read them.");
    static final Key<String> MOUNTS = Key.list(PATH + ".mounts", Types.text("SOURCE:TARGET", ContainerKeys::mount))
            .example("[nix-of-builder:/nix]")
            .counts(Effect.AT_ONCE)
            .help("""
                    Volumes and directories of the host in it, each SOURCE:TARGET or SOURCE:TARGET:ro. A volume keeps the
                    store of an ephemeral container.""");
    static final Key<Double> CPUS = Key.of(PATH + ".cpus", cpus())
            .presetIs("as many as the engine has")
            .example("4")
            .counts(Effect.AT_ONCE)
            .help("Processors that it may take, such as 1.5.");
    static final Key<ByteSize> MEMORY = Key.of(
                    PATH + ".memory", Types.sizeAboveZero("'%s' is no memory; leave it away for no limit"::formatted))
            .presetIs("as much as the engine has")
            .example("8GiB")
            .counts(Effect.AT_ONCE)
            .help("What it may take at most.");
    static final Key<String> PLATFORM = Key.of(PATH + ".platform", Types.text("platform", ContainerKeys::platform))
            .presetIs("the engine's own")
            .example("linux/amd64")
            .counts(Effect.AT_ONCE)
            .help("Of the image; another than the engine's own runs where that can emulate it.");
    static final Key<Path> SOCKET = Key.of(PATH + ".socket", Types.path())
            .presetIs(
                    "that of $DOCKER_HOST; else /var/run/docker.sock, or one of the usual places of Docker and Podman")
            .example("/run/podman/podman.sock")
            .counts(Effect.AT_ONCE)
            .help("""
                    Where the engine listens. Who may use it is root on the host, or the user that Podman runs as; so is
                    the dispatcher then.""");
    static final Key<String> NETWORK = Key.of(PATH + ".network", Types.text("network", ContainerKeys::network))
            .presetIs("the engine's own, with the SSH port at a free port of 127.0.0.1")
            .example("host")
            .counts(Effect.AT_ONCE)
            .help("""
                    The network that it is in. With host, the machine is reached at hostName and port; otherwise at a port
                    that the engine maps, whatever hostName says. Set publicHostKey, or keep the host's key in a mount.""");
    static final Key<Integer> SSH_PORT = Key.of(PATH + ".sshPort", Types.whole(1, 65_535))
            .preset(MachineAddress.SSH_PORT)
            .counts(Effect.AT_ONCE)
            .help("Of the SSH server in the container.");
    static final Key<Boolean> EPHEMERAL = Key.of(PATH + ".ephemeral", Types.flag())
            .preset(false)
            .counts(Effect.AT_ONCE)
            .help("Whether the container is removed when it stops, so that each start begins with the image.");
    static final Key<Boolean> SANDBOX = Key.of(PATH + ".sandbox", Types.flag())
            .preset(false)
            .counts(Effect.AT_ONCE)
            .help("""
                    Whether it gets what Nix's sandbox needs (SYS_ADMIN, NET_ADMIN, no seccomp, no AppArmor, all of
                    /proc). Without it, its nix.conf must have `sandbox = false`. What is built there can then do more
                    to the host.""");

    static final Group CONTAINER = Group.of(
            PATH,
            "A container of Docker or Podman on the dispatcher's host. It is found again by its labels.",
            IMAGE,
            COMMAND,
            ENVIRONMENT,
            MOUNTS,
            CPUS,
            MEMORY,
            PLATFORM,
            SOCKET,
            NETWORK,
            SSH_PORT,
            EPHEMERAL,
            SANDBOX);

    private ContainerKeys() {}

    static Optional<OnDemand.Provider> read(Section section) {
        var image = section.get(IMAGE);
        var command = section.values(COMMAND);
        var environment = section.values(ENVIRONMENT);
        var mounts = section.values(MOUNTS);
        var cpus = section.get(CPUS);
        var memory = section.get(MEMORY).map(ByteSize::bytes);
        var platform = section.get(PLATFORM);
        var socket = section.get(SOCKET);
        var network = section.get(NETWORK);
        int sshPort = section.value(SSH_PORT);
        boolean ephemeral = section.value(EPHEMERAL);
        boolean sandbox = section.value(SANDBOX);
        return image.map(it -> new OnDemand.Container(
                it,
                command,
                environment,
                mounts,
                cpus,
                memory,
                platform,
                socket,
                network,
                sshPort,
                ephemeral,
                sandbox));
    }

    private static String image(String text) {
        if (!text.matches("[A-Za-z0-9][A-Za-z0-9_.:/@-]*"))
            throw new IllegalArgumentException("'%s' is no name of an image".formatted(text));
        return text;
    }

    private static String variable(String text) {
        if (!text.matches("(?s)[^=\\s]+=.*"))
            throw new IllegalArgumentException("'%s' is no variable; write NAME=VALUE".formatted(text));
        return text;
    }

    private static String mount(String text) {
        if (!text.matches("[^:]+:/[^:]*(:[a-zA-Z,]+)?"))
            throw new IllegalArgumentException(
                    "'%s' is no mount; write SOURCE:TARGET, with an absolute path as TARGET".formatted(text));
        return text;
    }

    private static String platform(String text) {
        if (!text.matches("[a-z0-9_]+/[a-z0-9_]+(/[a-z0-9_]+)?"))
            throw new IllegalArgumentException("'%s' is no platform; write one such as linux/arm64".formatted(text));
        return text;
    }

    private static String network(String text) {
        if (text.equals("none")) throw new IllegalArgumentException("without a network nobody reaches the machine");
        if (!text.matches("[A-Za-z0-9][A-Za-z0-9_.-]*"))
            throw new IllegalArgumentException("'%s' is no name of a network".formatted(text));
        return text;
    }

    private static Type<Double> cpus() {
        return Type.of("number above 0", new Shape.Above(0), text -> {
            if (!text.matches("\\d{1,4}(\\.\\d{1,9})?") || Double.parseDouble(text) == 0)
                throw new IllegalArgumentException("'%s' is not a number above 0".formatted(text));
            return Double.parseDouble(text);
        });
    }
}
