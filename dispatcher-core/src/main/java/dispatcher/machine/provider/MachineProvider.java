package dispatcher.machine.provider;

import dispatcher.machine.MachineAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// What starts and stops one machine. Each method blocks and can be interrupted, and none is called before somebody
/// needs the machine, or wants to know whether it runs. Called by one thread at a time.
///
/// An [IOException] says which provider failed and, of a command, its exit status and its last lines of output,
/// made fit for a log.
public interface MachineProvider {
    /// Starts the machine. It need not answer yet when this returns.
    ///
    /// @throws IOException if that fails, or takes longer than `limit`
    void start(Duration limit) throws IOException, InterruptedException;

    /// Stops the machine; does nothing if that is the machine's own affair.
    ///
    /// @throws IOException if that fails, or takes longer than `limit`
    void stop(Duration limit) throws IOException, InterruptedException;

    /// Whether it runs; empty if the provider cannot tell.
    Optional<Boolean> isRunning() throws IOException, InterruptedException;

    /// Where a machine that runs is reached.
    ///
    /// @param configured what the settings say
    default MachineAddress address(MachineAddress configured) throws IOException, InterruptedException {
        return configured;
    }
}
