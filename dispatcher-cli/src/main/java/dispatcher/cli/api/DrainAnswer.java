package dispatcher.cli.api;

import java.util.Optional;

/// What came of it.
///
/// @param changed whether it was otherwise before
/// @param machine absent if it is not in the settings any more
public record DrainAnswer(String name, boolean changed, Optional<MachineAnswer> machine) {}
