package dispatcher.simulate.policy;

/// A build gets a slot of a machine, now.
///
/// @param job    number of the build
/// @param host   number of the machine
/// @param reason why this machine, for people; one line
public record Start(int job, int host, String reason) {}
