package dispatcher.session;

import dispatcher.build.Builds;
import dispatcher.build.request.Foresight;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.nix.StoreDir;
import dispatcher.session.rights.Grants;
import dispatcher.session.rights.ProvenInputs;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.spool.Spool;
import dispatcher.store.verify.KnownPaths;
import java.util.Optional;
import java.util.function.LongSupplier;

/// What all sessions share. Its parts are safe for any thread.
///
/// @param hostStore the host's own store, if clients on this host can have paths from it
/// @param known     what machines have
/// @param foresight where clients' next builds will probably be
/// @param learned   what sessions have learned, for each other
/// @param nanoTime  as `System::nanoTime`
public record SessionContext(
        StoreDir storeDir,
        Spool spool,
        Optional<StorePool> hostStore,
        MachineRegistry machines,
        KnownPaths known,
        Builds builds,
        Foresight foresight,
        DispatcherListener listener,
        LongSupplier nanoTime,
        Learned learned) {

    /// What sessions have learned from each other. Bounded; in memory only.
    ///
    /// @param recipes      how outputs were built
    /// @param realisations of outputs that are not in the spool
    /// @param proven       what is proven of derivations
    /// @param grants       what isolated clients have uploaded and built
    /// @param promises     what machines are to fetch for clients
    record Learned(
            RebuildCache recipes,
            HeldRealisations realisations,
            ProvenInputs proven,
            Grants grants,
            ClientPromises promises) {
        static Learned nothing() {
            return new Learned(
                    new RebuildCache(), new HeldRealisations(), new ProvenInputs(), new Grants(), new ClientPromises());
        }
    }

    public SessionContext(
            StoreDir storeDir,
            Spool spool,
            Optional<StorePool> hostStore,
            MachineRegistry machines,
            KnownPaths known,
            Builds builds,
            Foresight foresight,
            DispatcherListener listener,
            LongSupplier nanoTime) {
        this(storeDir, spool, hostStore, machines, known, builds, foresight, listener, nanoTime, Learned.nothing());
    }
}
