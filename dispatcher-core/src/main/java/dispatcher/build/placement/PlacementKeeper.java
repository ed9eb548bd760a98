package dispatcher.build.placement;

import java.util.function.Supplier;

/// Keeps accounts of placements for later. Safe for any thread.
@FunctionalInterface
public interface PlacementKeeper {
    /// Keeps none.
    PlacementKeeper NONE = (_, _) -> {};

    /// A build has been assigned to a machine. Returns at once.
    ///
    /// @param build   its number, as in events
    /// @param account asked now or never, on the caller's thread
    void placed(long build, Supplier<PlacementAccount> account);
}
