package dispatcher.cli.settings.machine;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import java.nio.file.Path;
import java.util.Optional;

/// What is known of nix-darwin's virtual machine, `nix.linux-builder`, without being asked: it is the same on each mac.
final class LinuxBuilder {
    static final Path USUAL_LOG = Path.of("/var/log/linux-builder.log");

    private static final String LABEL = "org.nixos.linux-builder";
    private static final String ALIAS = "linux-builder";
    private static final int PORT = 31_022;
    private static final String USER = "builder";
    private static final Path KEY = Path.of("/etc/nix/builder_ed25519");

    /// Public with its private half: that this is the machine follows from its port on this host, which is its own.
    private static final String HOST_KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJBWcxb/Blaqt1auOtE+F8QUWrUotiC5qBJ+UuEWdVCb";

    private LinuxBuilder() {}

    static OnDemand.Launchd service(Path log) {
        return new OnDemand.Launchd(
                LABEL, OnDemand.Launchd.SYSTEM, OnDemand.Launchd.usualPlist(LABEL), Optional.of(log));
    }

    static boolean isStartedBy(OnDemand onDemand) {
        return onDemand.provider() instanceof OnDemand.Launchd service
                && service.label().equals(LABEL);
    }

    /// Where it is reached, as far as its entry does not say so.
    static MachineAddress address(
            String host,
            Optional<Integer> port,
            Optional<String> user,
            Optional<Path> keyFile,
            Optional<String> hostKey) {
        return new MachineAddress(
                host.equals(ALIAS) ? "localhost" : host,
                port.orElse(PORT),
                user.orElse(USER),
                Optional.of(keyFile.orElse(KEY)),
                Optional.of(hostKey.orElse(HOST_KEY)));
    }
}
