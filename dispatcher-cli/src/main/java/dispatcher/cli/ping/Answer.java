package dispatcher.cli.ping;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.protocol.ProtocolVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How a machine answered.
public sealed interface Answer {
    Machine machine();

    /// Nothing if all is well.
    List<Problem> problems();

    /// A machine that can be used, if perhaps not for all that the settings say.
    ///
    /// @param connect    until it had let us in and accepted the command
    /// @param handshake  from there until Nix had greeted us
    /// @param nixVersion as Nix says in its greeting, or the machine when asked
    /// @param trusted    whether its Nix trusts us; by the greeting, else by the machine's settings
    record Reached(
            Machine machine,
            Duration connect,
            Duration handshake,
            ProtocolVersion protocol,
            Optional<String> nixVersion,
            Optional<Boolean> trusted,
            MachineDescription offered,
            List<Problem> problems)
            implements Answer {
        public Reached {
            problems = List.copyOf(problems);
        }
    }

    /// A machine that cannot be used.
    record Failed(Machine machine, Problem problem) implements Answer {
        @Override
        public List<Problem> problems() {
            return List.of(problem);
        }
    }

    /// A machine that was left alone, which is no fault of it.
    ///
    /// @param note why, and how it can be seen whether it works
    record LeftAlone(Machine machine, Problem note) implements Answer {
        @Override
        public List<Problem> problems() {
            return List.of();
        }
    }
}
