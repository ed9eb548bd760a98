package dispatcher.build.request;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.access.ClientGrant;
import dispatcher.access.ClientIdentity;
import dispatcher.machine.Machine;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// Guesses which machine a client's next build goes to, before the client has asked for it: the one that the
/// scheduler would take now for what the client asked for last, or for a plain build if all machines that the client
/// may use are of one system. Asks no machine. Safe for any thread.
public final class Foresight {
    private static final int MOST_CLIENTS = 1000;
    private static final int MOST_FEATURES = 16;

    /// Stands for a build without a known path.
    private static final StorePath UNKNOWN = StorePath.of("0".repeat(StorePath.HASH_DIGITS), "unknown.drv");

    private final MachineRegistry machines;
    private final BuildQueue queue;

    /// By credential.
    private final Cache<String, BuildRequest> last =
            Caffeine.newBuilder().maximumSize(MOST_CLIENTS).build();

    public Foresight(MachineRegistry machines, BuildQueue queue) {
        this.machines = machines;
        this.queue = queue;
    }

    /// A client asks for a build that it may have. That one build is for one machine says nothing of the next.
    public void asked(ClientIdentity client, BuildRequest request) {
        if (request.requiredFeatures().size() <= MOST_FEATURES)
            last.put(client.credential(), request.withMachine(Optional.empty()));
    }

    /// The machine; empty if it cannot be foreseen, or if no build could begin now.
    ///
    /// @param before what was guessed for an input of the same build, which stays if a build could begin there
    public Optional<String> machineFor(ClientIdentity client, Optional<String> before) {
        var request = Optional.ofNullable(last.getIfPresent(client.credential()))
                .filter(known -> isAllowed(client.grant(), known.platform(), known.requiredFeatures()))
                .or(() -> plain(client.grant()))
                .map(known -> known.withMachine(client.machine()));
        if (request.isEmpty()) return Optional.empty();
        var explanation = queue.explain(request.get(), Set.of());
        boolean stays = before.isPresent()
                && explanation.choices().stream()
                        .anyMatch(choice -> choice.machine().equals(before.get())
                                && choice.unfit().isEmpty()
                                && choice.notNow().isEmpty());
        return stays ? before : explanation.chosen();
    }

    /// What may be asked of every machine that the client may use.
    private Optional<BuildRequest> plain(ClientGrant grant) {
        var usable = machines.machines().stream()
                .filter(machine -> machine.maxJobs() > 0 && mayUse(grant, machine))
                .toList();
        if (usable.isEmpty()) return Optional.empty();
        var platforms = new TreeSet<>(usable.getFirst().systems());
        for (var machine : usable) platforms.retainAll(machine.systems());
        SortedSet<String> features =
                usable.size() == 1 ? usable.getFirst().mandatoryFeatures() : Collections.emptySortedSet();
        return platforms.stream()
                .filter(platform -> isAllowed(grant, platform, features))
                .findFirst()
                .map(platform -> new BuildRequest(UNKNOWN, platform, features));
    }

    private static boolean mayUse(ClientGrant grant, Machine machine) {
        return machine.systems().stream().anyMatch(platform -> isAllowed(grant, platform, machine.mandatoryFeatures()));
    }

    private static boolean isAllowed(ClientGrant grant, String platform, SortedSet<String> features) {
        return grant.objection(platform, features).isEmpty();
    }
}
