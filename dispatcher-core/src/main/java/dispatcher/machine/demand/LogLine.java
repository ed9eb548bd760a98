package dispatcher.machine.demand;

import java.time.Instant;

/// A line of what happened to a machine on demand.
///
/// @param text fit for a log
public record LogLine(Instant at, String text) {}
