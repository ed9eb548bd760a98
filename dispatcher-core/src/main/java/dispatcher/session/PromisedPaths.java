package dispatcher.session;

import dispatcher.machine.MachineProtocol;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.nix.StorePath;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.verify.KnownPaths;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Paths that no machine has yet, and that machines have promised one session to fetch from their substituters. Once
/// fetched, a path is among the session's [RetainedOutputs].
///
/// At most as many as [RetainedOutputs#MOST_PATHS]; further paths count as missing, and the client uploads them.
/// Confined to the session's thread.
final class PromisedPaths {
    private final MachineRegistry machines;
    private final KnownPaths known;
    private final RetainedOutputs retained;
    private final ClientPromises all;
    private final String credential;
    private final Map<StorePath, MachineLink> promised = new HashMap<>();

    /// What other sessions of the client learn of; all that was promised until this is released.
    private final Set<StorePath> announced = new HashSet<>();

    /// Machines with promises, kept in use as long as this client may come back to one.
    private final IdentityHashMap<MachineLink, MachineLink.Use> promisers = new IdentityHashMap<>();

    /// @param all        what was promised to all sessions
    /// @param credential of the session's client
    PromisedPaths(
            MachineRegistry machines,
            KnownPaths known,
            RetainedOutputs retained,
            ClientPromises all,
            String credential) {
        this.machines = machines;
        this.known = known;
        this.retained = retained;
        this.all = all;
        this.credential = credential;
    }

    /// For a client that is known to copy, nothing is only promised: each path is fetched before it hears of that.
    ///
    /// @return those of `paths` that the client need not send
    Collection<StorePath> askOrFetch(Collection<StorePath> paths) throws InterruptedException {
        var answer = ask(paths);
        if (answer.isEmpty() || !all.isCopying(credential)) return answer;
        var there = new TreeSet<>(answer);
        there.removeAll(fetchAll());
        return there;
    }

    /// Has machines fetch those of `paths` that they promised to other sessions of the same client, which may have left
    /// a moment ago.
    ///
    /// @return what is here then
    Collection<StorePath> fetchOfOthers(Collection<StorePath> paths) throws InterruptedException {
        var byMachine = new TreeMap<String, List<StorePath>>();
        for (var path : paths)
            all.byOthers(credential, path, this)
                    .ifPresent(machine -> byMachine
                            .computeIfAbsent(machine, _ -> new ArrayList<>())
                            .add(path));
        var found = new TreeSet<StorePath>();
        for (var entry : byMachine.entrySet()) {
            var use = machines.use(entry.getKey());
            if (use.isEmpty()) continue;
            try (var it = use.get()) {
                found.addAll(retained.fetchOn(it.link(), entry.getValue()));
            }
        }
        return found;
    }

    /// Which of `paths` could be fetched by the first machine that knows, for a client that wants it to. The client
    /// need not send them: the machine that builds is asked to fetch them, and if it cannot, they come from the one
    /// that said so.
    Collection<StorePath> ask(Collection<StorePath> paths) throws InterruptedException {
        if (paths.isEmpty()) return List.of();
        for (var link : machines.links()) {
            if (link.machine().protocol() == MachineProtocol.SSH) continue;
            var machine = link.machine().name();
            if (!link.substitutes(true) || !machines.isUp(machine) || link.isOff()) continue;
            var use = link.use();
            if (use.isEmpty()) continue;
            // A path that it did not get, or without a proof, it may not promise again, so that the client sends it.
            var provable = paths.stream()
                    .filter(path -> !known.proofs().isUnproven(path, machine))
                    .toList();
            try (var it = use.get()) {
                return promisedBy(it.link(), provable);
            } catch (IOException e) {
                Interruption.rethrow(e);
                if (!(e instanceof StoreRefusedException)) machines.recovery().broke(link, e);
            }
        }
        return List.of();
    }

    private Collection<StorePath> promisedBy(MachineLink link, Collection<StorePath> paths)
            throws IOException, InterruptedException {
        machines.requireAnswer(link);
        if (promised.size() + paths.size() > RetainedOutputs.MOST_PATHS) return List.of();
        var opened = link.conversations().lease(lease -> lease.store().querySubstitutablePaths(paths));
        opened.lease().release();
        if (opened.answer().isEmpty()) return opened.answer();
        promisers.computeIfAbsent(link, promiser -> promiser.use().orElseThrow());
        for (var path : opened.answer()) {
            promised.put(path, link);
            if (announced.add(path))
                all.add(credential, path, this, link.machine().name());
        }
        return opened.answer();
    }

    /// Has a machine fetch what it said it could. Without a proof that it got the right one, the path is unproven in
    /// `retained`.
    void fetch(StorePath path) throws StoreRefusedException, InterruptedException {
        var link = promised.get(path);
        if (link == null || !retained.fetchOn(link, List.of(path)).isEmpty() || retained.isUnproven(path)) return;
        // Next time the client sends it.
        known.proofs().unproven(path, link.machine().name());
        throw new StoreRefusedException(
                "machine %s said that its substituters have '%s', and did not get it from there: see its log, or set builders-use-substitutes = false"
                        .formatted(link.machine().name(), path));
    }

    /// Has machines fetch all that they said they could and have not fetched yet.
    ///
    /// @return what no machine has even then; next time the client sends it
    SortedSet<StorePath> fetchAll() throws InterruptedException {
        var open = new IdentityHashMap<MachineLink, List<StorePath>>();
        promised.forEach((path, link) -> {
            if (!retained.has(path))
                open.computeIfAbsent(link, _ -> new ArrayList<>()).add(path);
        });
        var missing = new TreeSet<StorePath>();
        for (var entry : open.entrySet()) {
            var machine = entry.getKey().machine().name();
            var found = retained.fetchOn(entry.getKey(), entry.getValue());
            known.locations().add(found, machine);
            for (var path : entry.getValue()) {
                if (found.contains(path)) continue;
                known.proofs().unproven(path, machine);
                missing.add(path);
            }
        }
        promised.clear();
        return missing;
    }

    /// Lets the promises hold for `other` too, which keeps the machines in use itself.
    void shareWith(PromisedPaths other) {
        promised.forEach((path, link) -> {
            if (!other.promisers.containsKey(link)) link.use().ifPresent(use -> other.promisers.put(link, use));
            if (other.promisers.containsKey(link)) other.promised.put(path, link);
        });
    }

    void release() {
        for (var path : announced) all.remove(credential, path, this);
        announced.clear();
        promisers.values().forEach(MachineLink.Use::close);
        promisers.clear();
    }
}
