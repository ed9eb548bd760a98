package dispatcher.schedule.policy;

import java.time.Instant;

/// A kind of builds that a machine's own settings keep it from.
///
/// @param need   which builds, e.g. `builds for x86_64-linux with kvm`
/// @param reason which setting it is, with the machine's own words
/// @param until  when it is asked for such a build again
public record Refused(String need, String reason, Instant until) {}
