package dispatcher.cli.provider;

import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.MachineProvider;
import dispatcher.machine.provider.Providers;
import dispatcher.machine.provider.SizeFile;
import dispatcher.machine.provider.qemu.QemuProvider;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/// Makes containers and virtual machines that belong to one dispatcher, which is known by its state directory. Loads
/// nothing of an engine before a machine needs it.
public final class MachineEngines implements Providers.Engines {
    private final Path state;
    private final Map<String, String> environment;
    private final OwnContainers own;

    private MachineEngines(Path state, Map<String, String> environment, OwnContainers own) {
        this.state = state;
        this.environment = environment;
        this.own = own;
    }

    /// For the dispatcher whose state is there. What an earlier one has left is removed when a machine is started.
    public static Providers ofDispatcher(Path state) {
        return new Providers(new MachineEngines(state, System.getenv(), new OwnContainers(true)));
    }

    /// For some machines of that dispatcher.
    public static Providers ofSomeMachines(Path state) {
        return new Providers(new MachineEngines(state, System.getenv(), new OwnContainers(false)));
    }

    @Override
    public MachineProvider container(String machine, OnDemand.Container settings, Consumer<String> output) {
        return new ContainerProvider(
                state.toString(),
                machine,
                settings,
                EngineSocket.of(settings, environment),
                own,
                new SizeFile(folder(machine).resolve("size")),
                output);
    }

    @Override
    public MachineProvider virtualMachine(String machine, OnDemand.Qemu settings, Consumer<String> output) {
        return new QemuProvider(machine, settings, folder(machine), output);
    }

    /// A name of the settings may have slashes in it.
    private Path folder(String machine) {
        return state.resolve("machines").resolve(ContainerName.plain(machine));
    }
}
