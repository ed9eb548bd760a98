package dispatcher.machine.provider;

import dispatcher.machine.Machine;
import dispatcher.machine.OnDemand;
import java.util.function.Consumer;

/// Makes the provider of a machine as the settings describe it. Runs nothing. Safe for any thread.
public final class Providers {
    private final Engines engines;

    /// Makes the providers that have programs of their own to talk to.
    public interface Engines {
        MachineProvider container(String machine, OnDemand.Container settings, Consumer<String> output);

        MachineProvider virtualMachine(String machine, OnDemand.Qemu settings, Consumer<String> output);
    }

    public Providers(Engines engines) {
        this.engines = engines;
    }

    /// @param output given each line that commands of the provider print, fit for a log; safe for any thread
    public MachineProvider of(Machine machine, Consumer<String> output) {
        return machine.onDemand()
                .map(onDemand -> of(machine.name(), onDemand, output))
                .orElse(AlwaysOn.INSTANCE);
    }

    private MachineProvider of(String machine, OnDemand onDemand, Consumer<String> output) {
        return switch (onDemand.provider()) {
            case OnDemand.Commands commands -> new CommandProvider(machine, onDemand.pool(), commands, output);
            case OnDemand.Systemd(var unit) -> SystemdProvider.of(machine, unit, output);
            case OnDemand.Launchd service -> new LaunchdProvider(machine, service, output);
            case OnDemand.WakeOnLan(var mac, var broadcast, var port) -> new WakeOnLan(mac, broadcast, port);
            case OnDemand.Container container -> engines.container(machine, container, output);
            case OnDemand.Qemu qemu -> engines.virtualMachine(machine, qemu, output);
        };
    }
}
