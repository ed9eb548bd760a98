package dispatcher.machine.registry;

import dispatcher.machine.MachineDescription;
import java.time.Instant;
import java.util.Optional;

/// What is known of what a machine says of itself.
///
/// @param said    empty if it has not said anything yet
/// @param at      when it said so
/// @param problem why it could not be asked the last time, or what its answer lacked; there if it has said nothing
public record MachineDescriptionView(
        Optional<MachineDescription> said, Optional<Instant> at, Optional<String> problem) {
    /// Why a machine gets no builds that has to say itself what it builds for.
    public String notDescribed() {
        return "not yet described: " + problem.orElse("it has not answered yet");
    }
}
