package dispatcher.simulate.policy;

import java.time.Duration;

/// What a policy's machinery costs, which no choice of machines can change.
///
/// @param connect            from the slot to the first byte of inputs: a process is started, a connection made
/// @param oneCopyAtATime builds on a machine send their inputs one after another; otherwise all at once, and a path
///                           that another build is sending already is waited for
/// @param slotWhileReceiving a build keeps its slot until its outputs have been fetched
/// @param knowsResources     whether builds are kept off machines whose resources are taken
public record Rules(Duration connect, boolean oneCopyAtATime, boolean slotWhileReceiving, boolean knowsResources) {}
