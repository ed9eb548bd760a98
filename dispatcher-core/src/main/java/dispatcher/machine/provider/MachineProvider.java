package dispatcher.machine.provider;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineSize;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
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

    /// Why a machine that was started has ended by itself meanwhile; empty if it has not, or nobody can tell.
    default Optional<String> ended() throws IOException, InterruptedException {
        return Optional.empty();
    }

    /// Gives the machine another size, from its next start on.
    ///
    /// @param size as far as it is to differ from that of the settings
    /// @throws IOException if it cannot have that, or nothing here decides about its size; says what to do
    default void resize(MachineSize size) throws IOException, InterruptedException {
        throw new IOException("its size is decided where it is made, and not by the dispatcher; only containers and"
                + " virtual machines of `container` and `qemu` can be resized");
    }

    /// The last lines that the machine itself printed, the oldest first, fit for a log; empty if nobody keeps them.
    default List<String> tail(int lines) throws IOException, InterruptedException {
        return List.of();
    }
}
