package dispatcher.cli;

import dispatcher.cli.ping.MachineConnections;
import dispatcher.cli.serve.MachineTransports;
import dispatcher.cli.settings.Settings;
import dispatcher.machine.Machine;
import dispatcher.ssh.client.SshTransports;
import dispatcher.wire.Transport;
import java.util.List;

/// The ways to machines, for one command.
final class SshConnections implements MachineConnections {
    private final SshTransports transports = new SshTransports();
    private final Settings settings;

    SshConnections(Settings settings) {
        this.settings = settings;
    }

    @Override
    public Transport to(Machine machine) {
        return MachineTransports.to(machine.address(), machine, settings, transports);
    }

    @Override
    public List<String> explain(Machine machine) {
        return SshTransports.explain(machine.address());
    }

    @Override
    public void close() {
        transports.close();
    }
}
