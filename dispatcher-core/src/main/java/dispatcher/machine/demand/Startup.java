package dispatcher.machine.demand;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.provider.MachineProvider;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// How a machine is brought up: its provider, and then patience until it answers.
///
/// @param probe looks whether the machine answers
record Startup(String machine, MachineProvider provider, Probe probe, InstantSource clock, Pauses pauses) {
    /// Between two looks.
    static final Duration PAUSE = Duration.ofSeconds(1);

    /// Talks to the machine.
    @FunctionalInterface
    public interface Probe {
        /// @throws IOException if nobody answers there, or does not let us in
        void require(MachineAddress address) throws IOException, InterruptedException;
    }

    /// Lets time pass.
    @FunctionalInterface
    public interface Pauses {
        void pause(Duration duration) throws InterruptedException;
    }

    /// Waits until it answers.
    ///
    /// @param limit    that `deadline` comes from
    /// @return where it is reached
    MachineAddress await(MachineAddress configured, Instant deadline, Duration limit)
            throws IOException, InterruptedException {
        while (true) {
            IOException last;
            try {
                var address = provider.address(configured);
                probe.require(address);
                return address;
            } catch (IOException e) {
                Interruption.rethrow(e);
                last = e;
            }
            var ended = provider.ended();
            if (ended.isPresent())
                throw new IOException("%s was started, and %s".formatted(machine, ended.get()), last);
            if (!clock.instant().isBefore(deadline))
                throw new IOException(
                        "%s was started and does not answer after %d s: %s; look at it, or raise its bootTimeout"
                                .formatted(machine, limit.toSeconds(), last.getMessage()),
                        last);
            pauses.pause(PAUSE);
        }
    }
}
