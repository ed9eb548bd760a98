package dispatcher.machine.provider;

import dispatcher.machine.Machine;
import dispatcher.machine.OnDemand;
import java.util.function.Consumer;

/// Makes the provider of a machine as the settings describe it. Runs nothing.
public final class Providers {
    private Providers() {}

    /// @param output given each line that commands of the provider print, fit for a log; safe for any thread
    public static MachineProvider of(Machine machine, Consumer<String> output) {
        return machine.onDemand()
                .map(onDemand -> of(machine.name(), onDemand, output))
                .orElse(AlwaysOn.INSTANCE);
    }

    private static MachineProvider of(String machine, OnDemand onDemand, Consumer<String> output) {
        return switch (onDemand.provider()) {
            case OnDemand.Commands commands -> new CommandProvider(machine, onDemand.pool(), commands, output);
            case OnDemand.Systemd(var unit) -> SystemdProvider.of(machine, unit, output);
            case OnDemand.WakeOnLan(var mac, var broadcast, var port) -> new WakeOnLan(mac, broadcast, port);
        };
    }
}
