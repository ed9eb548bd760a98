package dispatcher.protocol.worker;

/// What a daemon says of itself in its greeting.
///
/// @param nixVersion free text, e.g. `2.8.0`; empty before 1.33
public record DaemonInfo(String nixVersion, Trust trust) {}
