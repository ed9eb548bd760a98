package dispatcher.simulate;

import java.time.Instant;

/// One attempt at a build on one machine. Times count from the epoch, each no earlier than the one before; those of
/// what it did not come to are its end.
///
/// @param slot      of the machine, from 0
/// @param reason    why this machine, for people
/// @param began     it got the slot
/// @param connected the machine answered, and copying could begin
/// @param building  all inputs were there
/// @param built     the build itself was over
/// @param released  the slot was free
/// @param ended     the client had the outputs, or the attempt was over without
public record Span(
        int job,
        int host,
        int slot,
        String reason,
        Instant began,
        Instant connected,
        Instant building,
        Instant built,
        Instant released,
        Instant ended,
        End end) {

    /// How it ended.
    public enum End {
        DONE,
        /// The machine broke meanwhile.
        LOST,
        /// The machine was not there.
        UNREACHABLE
    }
}
