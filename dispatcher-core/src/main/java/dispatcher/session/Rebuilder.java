package dispatcher.session;

import dispatcher.machine.registry.Recovery;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientWatch;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/// Gets back for one client what was lost with a machine: waits until a machine that has it is back, or has it built
/// once more from its recipe.
///
/// For one thread at a time, which must hold no slot, since a rebuild may wait for one.
final class Rebuilder {
    private final SessionContext context;
    private final long clientNumber;
    private final SessionPaths paths;
    private final Build build;

    /// Empty as long as no client waits for an answer.
    private Optional<ClientWatch> watch = Optional.empty();

    /// Builds for the same client.
    interface Build {
        /// @return whether it succeeded
        boolean again(Recipe recipe) throws InterruptedException;
    }

    Rebuilder(SessionContext context, long clientNumber, SessionPaths paths, Build build) {
        this.context = context;
        this.clientNumber = clientNumber;
        this.paths = paths;
        this.build = build;
    }

    /// Rebuilds for an answer end from now on when the client goes.
    void attend(ClientWatch newWatch) {
        watch = Optional.of(newWatch);
    }

    /// Has an output built once more, after the machine that had it broke.
    ///
    /// @param reason what broke, for people
    /// @return whether it is there again
    private boolean isBuiltAgain(StorePath output, String reason) throws InterruptedException {
        var recipe = context.learned().recipes().of(output);
        if (recipe.isEmpty()) return false;
        context.listener().outputLost(clientNumber, output, reason);
        return build.again(recipe.get()) && paths.retained().has(output);
    }

    /// The same for an output that the client waits for.
    boolean isBuiltAgainForClient(StorePath output, String reason) throws InterruptedException {
        if (watch.isEmpty()) return isBuiltAgain(output, reason);
        try (var _ = watch.get().interruptWhenGone()) {
            return isBuiltAgain(output, reason);
        }
    }

    /// Gets back the inputs of a build.
    ///
    /// @return whether it is worth while to try the build again
    boolean recover(Collection<StorePath> inputs, String reason) throws InterruptedException {
        Recovery recovery = context.machines().recovery();
        for (var path : inputs) {
            if (isThere(path)) continue;
            boolean isBack =
                    recovery.awaitAny(Set.copyOf(context.known().locations().of(path)));
            if (!isBack && !isBuiltAgain(path, reason)) return false;
        }
        return true;
    }

    private boolean isThere(StorePath path) throws InterruptedException {
        try {
            return paths.info(path).isPresent();
        } catch (IOException e) {
            Interruption.rethrow(e);
            return false;
        }
    }
}
