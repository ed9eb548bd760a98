package dispatcher.session;

import dispatcher.build.HeldOutputs;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.Failures;
import dispatcher.store.SourceFailedException;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.verify.KnownPaths;
import dispatcher.store.verify.Proofs.Proof;
import dispatcher.thread.Interruption;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/// What machines hold for one client: what was built for it, and what it asked for and they were found to have.
/// Conversations with them stay open, and so pinned, until the client has it or leaves. Also what machines
/// promised to fetch from their substituters.
///
/// Confined to the session's thread.
final class RetainedOutputs {
    /// Paths that one session finds on machines, or has promised by them; those beyond count as not there, and are
    /// uploaded. More than any closure has, and yet little for a client that asks for whatever there is.
    private static final int MOST_PATHS = 50_000;

    private final MachineRegistry machines;
    private final KnownPaths known;
    private final RebuildCache recipes;

    /// Read by the thread of a second attempt too, when that begins.
    private final Map<StorePath, RetainedConversation> byPath = new ConcurrentHashMap<>();

    /// What a machine has, and nobody says that it is the right one.
    private final Map<StorePath, String> unproven = new HashMap<>();

    /// What nobody has yet, and a machine said it could fetch from its substituters.
    private final Map<StorePath, MachineLink> promised = new HashMap<>();

    /// What a session that this one was made from holds, and by which machine.
    private final Map<StorePath, MachineLink> heard = new HashMap<>();

    /// Of those who promised: they are needed for as long as this client may come back to it.
    private final IdentityHashMap<MachineLink, MachineLink.Use> promisers = new IdentityHashMap<>();

    RetainedOutputs(MachineRegistry machines, KnownPaths known, RebuildCache recipes) {
        this.machines = machines;
        this.known = known;
        this.recipes = recipes;
    }

    // ---- what is held

    boolean has(StorePath path) {
        return byPath.containsKey(path);
    }

    Set<StorePath> paths() {
        return Collections.unmodifiableSet(byPath.keySet());
    }

    /// The conversation with the machine that holds it.
    Optional<RetainedConversation> of(StorePath path) {
        return Optional.ofNullable(byPath.get(path));
    }

    /// Keeps outputs on their machine for the client to fetch, in the conversation that built them or in one that
    /// pins them only.
    ///
    /// @param held taken over
    void hold(HeldOutputs held) {
        if (held.outputs().isEmpty()) {
            held.release();
            return;
        }
        var holding = new RetainedConversation(held.machine(), pinning(held));
        for (var output : held.outputs()) {
            var path = output.info().path();
            holding.add(output);
            var before = byPath.put(path, holding);
            if (before != null) fetched(before, path);
        }
    }

    /// The conversation that pins the outputs. If the one that built them pins much else besides, it is a new
    /// one, so that the former can end; the former if no new one can be had. An interruption meanwhile is kept.
    private StorePool.Lease pinning(HeldOutputs held) {
        var builder = held.lease();
        if (!builder.isFull()) return builder;
        var link = held.machine().link();
        var paths = held.outputs().stream().map(output -> output.info().path()).toList();
        try {
            machines.requireAnswer(link);
            var opened = link.conversations().leaseNew(lease -> lease.store().queryValidPaths(paths, false));
            if (opened.answer().containsAll(paths)) {
                builder.release();
                return opened.lease();
            }
            opened.lease().release();
        } catch (IOException e) {
            Interruption.keep(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return builder;
    }

    /// What the machine says that holds it; empty if none does, or what that says cannot be shown to be true.
    Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException {
        var holding = byPath.get(path);
        return holding == null ? Optional.empty() : infoFrom(holding, path);
    }

    private Optional<PathInfo> infoFrom(RetainedConversation holding, StorePath path)
            throws IOException, InterruptedException {
        var told = holding.told(path);
        if (told.isPresent()) return told;
        try {
            machines.requireAnswer(holding.link());
            var info = believed(holding, path, holding.askAbout(path, recipes.fixed(path)));
            if (info.isEmpty()) leave(holding, path);
            return info;
        } catch (StoreRefusedException e) {
            throw e;
        } catch (IOException e) {
            Interruption.rethrow(e);
            forget(holding);
            if (e instanceof ProtocolException) blame(holding, path, Failures.describe(e));
            else holding.link().conversations().dropIdle();
            throw new SourceFailedException(
                    List.of(path),
                    "machine %s went away with '%s': %s".formatted(holding.machine(), path, Failures.describe(e)),
                    e);
        }
    }

    /// What a machine says of a path that it said to have, in the conversation that pins it; empty if that cannot be
    /// shown to be true.
    private Optional<PathInfo> believed(RetainedConversation holding, StorePath path, Optional<PathInfo> told) {
        var machine = holding.machine();
        if (told.isPresent() && known.proofs().of(told.get()) != Proof.NONE) {
            known.proofs().confirm(List.of(path), machine);
            return told;
        }
        if (told.isEmpty()) {
            contradicted(holding, path, "it says that it has %s, and then that it has not".formatted(path));
        } else if (known.proofs().isConfirmed(path, machine)) {
            contradicted(
                    holding,
                    path,
                    "it says that %s has a NAR with the hash %s and %d bytes, and had another one when it got it"
                            .formatted(path, told.get().narHash(), told.get().narSize()));
        } else {
            unproven.put(path, machine);
        }
        known.proofs().unproven(path, machine);
        return Optional.empty();
    }

    private void contradicted(RetainedConversation holding, StorePath path, String reason) {
        known.locations().remove(List.of(path), holding.machine());
        machines.recovery().contradicted(holding.link(), path, reason);
    }

    /// Nobody is sent there for that.
    private void leave(RetainedConversation holding, StorePath path) {
        holding.disbelieve(path);
        byPath.remove(path, holding);
        fetched(holding, path);
    }

    /// Why none of `paths` was had from a machine that has it; empty if none has, as far as was asked.
    Optional<String> unproven(Collection<StorePath> paths) {
        for (var path : paths) {
            var machine = unproven.get(path);
            if (machine != null)
                return Optional.of(
                        "it lacks '%s', and nothing proves that what machine %s has of it is right: no key of trustedPublicKeys has signed it; add the key, or ask again, and the client sends it"
                                .formatted(path, machine));
        }
        return Optional.empty();
    }

    /// The client has it. The conversation ends with the last that the client may want from there.
    void fetched(RetainedConversation holding, StorePath path) {
        if (!holding.remove(path)) return;
        byPath.values().removeIf(other -> other == holding);
        holding.release();
    }

    /// What a machine said is not so, or no answer at all: nobody is sent there for that again, nor for anything
    /// else for a while.
    void blame(RetainedConversation holding, StorePath path, String reason) {
        known.locations().remove(List.of(path), holding.machine());
        machines.recovery().answeredFalsely(holding.link(), reason);
        holding.link().conversations().dropIdle();
    }

    /// Ends a conversation that is of no use any more, and all is lost that was held there.
    void forget(RetainedConversation holding) {
        byPath.values().removeIf(other -> other == holding);
        holding.drop();
    }

    /// Ends the conversations in which an attempt was stopped in the middle of a request.
    void dropBrokenOff() {
        for (var holding : List.copyOf(byPath.values())) if (holding.isBrokenOff()) forget(holding);
    }

    /// If another session said that a machine holds it: asks that for all that it is said to hold.
    void recall(StorePath path) throws InterruptedException {
        var link = heard.get(path);
        if (link == null) return;
        var use = link.use();
        var there = heard.entrySet().stream()
                .filter(entry -> entry.getValue() == link)
                .map(Map.Entry::getKey)
                .toList();
        there.forEach(heard::remove);
        if (use.isEmpty()) return;
        try (var it = use.get()) {
            findOn(it.link(), there, false);
        }
    }

    // ---- machines that are known to hold it

    /// Which of `paths` some machine still has, and may hand out. One conversation with each such machine is kept.
    /// Machines that are set aside are not waited for, and those that are off not started.
    Set<StorePath> findOnMachines(Collection<StorePath> paths) throws InterruptedException {
        var found = new HashSet<StorePath>();
        var asked = new HashSet<String>();
        while (true) {
            var byMachine = new TreeMap<String, List<StorePath>>();
            for (var path : paths)
                if (!found.contains(path))
                    known.locations().of(path).stream()
                            .filter(machine -> !asked.contains(machine) && isWorthAsking(machine, path))
                            .findFirst()
                            .ifPresent(machine -> byMachine
                                    .computeIfAbsent(machine, _ -> new ArrayList<>())
                                    .add(path));
            if (byMachine.isEmpty()) return found;
            for (var entry : byMachine.entrySet()) {
                asked.add(entry.getKey());
                if (byPath.size() + entry.getValue().size() > MOST_PATHS) continue;
                var use = machines.use(entry.getKey());
                if (use.isEmpty()) continue;
                try (var it = use.get()) {
                    // No machine is started for a question.
                    if (it.link().isOff()) continue;
                    found.addAll(findOn(it.link(), entry.getValue(), false));
                }
            }
        }
    }

    private boolean isWorthAsking(String machine, StorePath path) {
        return machines.isUp(machine) && !known.proofs().isUnproven(path, machine);
    }

    /// @param link used by the caller
    private Collection<StorePath> findOn(MachineLink link, List<StorePath> paths, boolean substitute)
            throws InterruptedException {
        Set<StorePath> there;
        Set<StorePath> found;
        try {
            var holding = askHolder(link, paths, substitute);
            there = holding.answer();
            found = proven(holding.holder(), there);
            for (var path : found) {
                unproven.remove(path);
                holding.holder().add(path);
                byPath.put(path, holding.holder());
            }
            if (holding.holder().isEmpty()) holding.holder().release();
        } catch (StoreRefusedException e) {
            return Set.of();
        } catch (IOException e) {
            Interruption.rethrow(e);
            // Then they are not to be had from there now, and count as missing.
            machines.recovery().broke(link, e);
            return Set.of();
        }
        known.locations()
                .remove(
                        paths.stream().filter(path -> !there.contains(path)).toList(),
                        link.machine().name());
        return found;
    }

    /// Those of `paths` that a machine may hand out. It is asked about what it was not seen to have got.
    private Set<StorePath> proven(RetainedConversation holder, Set<StorePath> paths)
            throws IOException, InterruptedException {
        var unknown = paths.stream()
                .filter(path -> !known.proofs().isConfirmed(path, holder.machine()))
                .toList();
        if (unknown.isEmpty()) return paths;
        Map<StorePath, PathInfo> infos;
        try {
            infos = holder.askAbout(unknown, recipes);
        } catch (IOException | InterruptedException e) {
            forget(holder);
            throw e;
        }
        var proven = new HashSet<>(paths);
        for (var path : unknown) {
            if (believed(holder, path, Optional.ofNullable(infos.get(path))).isPresent()) continue;
            proven.remove(path);
            holder.disbelieve(path);
        }
        return proven;
    }

    private record Held(RetainedConversation holder, SortedSet<StorePath> answer) {}

    private Held askHolder(MachineLink link, List<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        for (var holding : byPath.values()) {
            if (!holding.link().equals(link)) continue;
            try {
                machines.requireAnswer(link);
                return new Held(holding, holding.store().queryValidPaths(paths, substitute));
            } catch (StoreRefusedException e) {
                throw e;
            } catch (IOException e) {
                Interruption.rethrow(e);
                forget(holding);
                break;
            }
        }
        machines.requireAnswer(link);
        var opened = link.conversations().lease(lease -> lease.store().queryValidPaths(paths, substitute));
        return new Held(new RetainedConversation(link.use().orElseThrow(), opened.lease()), opened.answer());
    }

    // ---- what substituters have

    /// Which of `paths` the first machine that can tell could fetch, for a client that wants it to. The client
    /// need not send them: the machine that builds is told to fetch them, and if it cannot, they are had from
    /// the one that said so.
    Collection<StorePath> findInSubstituters(Collection<StorePath> paths) throws InterruptedException {
        if (paths.isEmpty()) return List.of();
        for (var link : machines.links()) {
            if (link.machine().protocol() != MachineProtocol.SSH_NG) continue;
            var machine = link.machine().name();
            if (!link.substitutes(true) || !machines.isUp(machine) || link.isOff()) continue;
            var use = link.use();
            if (use.isEmpty()) continue;
            // What it did not get, or could not prove, it is not let promise again, so that the client sends it.
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
        if (promised.size() + paths.size() > MOST_PATHS) return List.of();
        var opened = link.conversations().lease(lease -> lease.store().querySubstitutablePaths(paths));
        opened.lease().release();
        if (opened.answer().isEmpty()) return opened.answer();
        promisers.computeIfAbsent(link, promiser -> promiser.use().orElseThrow());
        for (var path : opened.answer()) promised.put(path, link);
        return opened.answer();
    }

    /// Has a machine fetch what it said it could. If nothing shows that it got the right one, it is [#unproven].
    void fetchPromised(StorePath path) throws StoreRefusedException, InterruptedException {
        var link = promised.get(path);
        if (link == null || !findOn(link, List.of(path), true).isEmpty() || unproven.containsKey(path)) return;
        // Next time the client sends it.
        known.proofs().unproven(path, link.machine().name());
        throw new StoreRefusedException(
                "machine %s said that its substituters have '%s', and did not get it from there: see its log, or set builders-use-substitutes = false"
                        .formatted(link.machine().name(), path));
    }

    /// Has machines fetch all that they said they could and have not fetched yet.
    ///
    /// @return what nobody has even so; next time the client sends it
    SortedSet<StorePath> fetchAllPromised() throws InterruptedException {
        var open = new IdentityHashMap<MachineLink, List<StorePath>>();
        promised.forEach((path, link) -> {
            if (!has(path)) open.computeIfAbsent(link, _ -> new ArrayList<>()).add(path);
        });
        var missing = new TreeSet<StorePath>();
        for (var entry : open.entrySet()) {
            var machine = entry.getKey().machine().name();
            var found = findOn(entry.getKey(), entry.getValue(), true);
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

    /// Tells `other` what is held here, and has the promises hold for it too, which needs the machines for itself.
    void shareWith(RetainedOutputs other) {
        byPath.forEach((path, holding) -> other.heard.put(path, holding.link()));
        promised.forEach((path, link) -> {
            if (!other.promisers.containsKey(link)) link.use().ifPresent(use -> other.promisers.put(link, use));
            if (other.promisers.containsKey(link)) other.promised.put(path, link);
        });
    }

    /// What broke off in the middle ends here; the other conversations are for the next client.
    void release() {
        var held = Collections.newSetFromMap(new IdentityHashMap<RetainedConversation, Boolean>());
        held.addAll(byPath.values());
        byPath.clear();
        for (var holding : held) holding.release();
        promisers.values().forEach(MachineLink.Use::close);
        promisers.clear();
    }
}
