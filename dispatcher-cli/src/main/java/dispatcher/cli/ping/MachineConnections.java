package dispatcher.cli.ping;

import dispatcher.cli.settings.Settings;
import dispatcher.machine.Machine;
import dispatcher.wire.Transport;
import java.util.List;

/// The ways to machines. Safe for any number of threads.
public interface MachineConnections extends AutoCloseable {
    /// The way to a machine; the caller closes it.
    Transport to(Machine machine);

    /// Which lines of ssh_config decide the way to a machine, and what of it is not used; each with file and line.
    default List<String> explain(Machine machine) {
        return List.of();
    }

    @Override
    void close();

    /// Makes them as the settings say.
    @FunctionalInterface
    interface Factory {
        MachineConnections open(Settings settings);
    }
}
