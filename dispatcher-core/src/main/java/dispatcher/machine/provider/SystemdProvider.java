package dispatcher.machine.provider;

import dispatcher.machine.OnDemand;
import java.util.Optional;
import java.util.function.Consumer;

/// A machine that is a unit of this host's systemd, such as a container or a virtual machine.
final class SystemdProvider {
    private SystemdProvider() {}

    static MachineProvider of(String machine, String unit, Consumer<String> output) {
        return new CommandProvider(machine, commands(unit), output);
    }

    static OnDemand.Commands commands(String unit) {
        var word = ShellCommand.quoted(unit);
        return new OnDemand.Commands(
                "systemctl start -- " + word,
                Optional.of("systemctl stop -- " + word),
                Optional.of("systemctl is-active --quiet -- " + word),
                Optional.empty());
    }
}
