package dispatcher.cli.ping;

import dispatcher.cli.settings.Settings;
import dispatcher.machine.Machine;
import dispatcher.wire.Transport;

/// The ways to machines. Safe for any number of threads.
public interface MachineConnections extends AutoCloseable {
    /// The way to a machine; the caller closes it.
    Transport to(Machine machine);

    @Override
    void close();

    /// Makes them as the settings say.
    @FunctionalInterface
    interface Factory {
        MachineConnections open(Settings settings);
    }
}
