package dispatcher.build;

import dispatcher.build.log.LogKeeper;
import dispatcher.build.placement.PlacementKeeper;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.store.verify.KnownPaths;
import java.util.function.LongSupplier;

/// What every attempt at a build shares. Its parts are safe for any thread.
///
/// @param machines set aside, or blamed, for what goes wrong there
/// @param known    what machines have; kept up to date by attempts
/// @param logs     what keeps the logs of builds
/// @param placements what keeps why builds went where they are
/// @param nanoTime as `System::nanoTime`
public record BuildEnvironment(
        MachineRegistry machines,
        KnownPaths known,
        DispatcherListener listener,
        LogKeeper logs,
        PlacementKeeper placements,
        LongSupplier nanoTime) {}
