package dispatcher.testkit;

import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.MachineProvider;
import dispatcher.machine.provider.Providers;
import java.util.function.Consumer;

/// For tests whose machines are neither containers nor virtual machines.
public final class NoEngines implements Providers.Engines {
    public static final Providers PROVIDERS = new Providers(new NoEngines());

    private NoEngines() {}

    @Override
    public MachineProvider container(String machine, OnDemand.Container settings, Consumer<String> output) {
        throw new AssertionError("no container is wanted here: " + settings);
    }

    @Override
    public MachineProvider virtualMachine(String machine, OnDemand.Qemu settings, Consumer<String> output) {
        throw new AssertionError("no virtual machine is wanted here: " + settings);
    }
}
