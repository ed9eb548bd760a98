package dispatcher.cli.serve;

import dispatcher.cli.settings.Settings;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.ssh.client.SshTransports;
import dispatcher.store.host.DaemonTransport;
import dispatcher.wire.Transport;

/// The ways to machines: over SSH, or to the Nix daemon of this host.
public final class MachineTransports {
    private MachineTransports() {}

    /// Contacts nobody.
    ///
    /// @param address where the machine is now
    public static Transport to(MachineAddress address, Machine machine, Settings settings, SshTransports ssh) {
        return address.socket()
                .<Transport>map(DaemonTransport::new)
                .orElseGet(() -> ssh.forMachine(address, SshOptions.of(settings, machine)));
    }
}
