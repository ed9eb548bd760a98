package dispatcher.cli;

import dispatcher.cli.ping.MachineConnections;
import dispatcher.cli.serve.SshOptions;
import dispatcher.cli.settings.Settings;
import dispatcher.fleet.Machine;
import dispatcher.ssh.SshClientOptions;
import dispatcher.ssh.SshTransports;
import dispatcher.wire.Transport;

/// The ways to machines over SSH.
final class SshConnections implements MachineConnections {
    private final SshTransports transports = new SshTransports();
    private final SshClientOptions options;

    SshConnections(Settings settings) {
        this.options = SshOptions.of(settings);
    }

    @Override
    public Transport to(Machine machine) {
        return transports.forMachine(machine.address(), options);
    }

    @Override
    public void close() {
        transports.close();
    }
}
