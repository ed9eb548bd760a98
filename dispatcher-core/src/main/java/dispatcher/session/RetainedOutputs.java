package dispatcher.session;

import dispatcher.build.HeldOutputs;
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
import java.util.concurrent.ConcurrentHashMap;

/// What machines hold for one client: what was built for it, and what it asked for and they were found to have.
/// Conversations with them stay open, and so pinned, until the client has it or leaves. Also what machines
/// promised to fetch from their substituters.
///
/// Confined to the session's thread.
final class RetainedOutputs {
    /// Paths that one session finds on machines. Further paths count as missing, and the client uploads them. This
    /// is more than any closure has, and still bounds a client that asks for all.
    static final int MOST_PATHS = 50_000;

    private final MachineRegistry machines;
    private final KnownPaths known;
    private final RebuildCache recipes;

    /// Read by the thread of a second attempt too, when that begins.
    private final Map<StorePath, RetainedConversation> byPath = new ConcurrentHashMap<>();

    /// What a machine has without a proof that it is the right one.
    private final Map<StorePath, String> unproven = new HashMap<>();

    /// What a session that this one was made from holds, and by which machine.
    private final Map<StorePath, MachineLink> heard = new HashMap<>();

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
    /// one, so that the former can end; or the former if no new one can be opened. Keeps an interruption.
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
        var noted = holding.noted(path);
        if (noted.isPresent()) return noted;
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
    private Optional<PathInfo> believed(RetainedConversation holding, StorePath path, Optional<PathInfo> said) {
        var machine = holding.machine();
        if (said.isPresent() && known.proofs().of(said.get()) != Proof.NONE) {
            known.proofs().confirm(List.of(path), machine);
            return said;
        }
        if (said.isEmpty()) {
            contradicted(holding, path, "it says that it has %s, and then that it has not".formatted(path));
        } else if (known.proofs().isConfirmed(path, machine)) {
            contradicted(
                    holding,
                    path,
                    "it says that %s has a NAR with the hash %s and %d bytes, and had another one when it got it"
                            .formatted(path, said.get().narHash(), said.get().narSize()));
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

    /// The path is not looked for there any more.
    private void leave(RetainedConversation holding, StorePath path) {
        holding.disbelieve(path);
        byPath.remove(path, holding);
        fetched(holding, path);
    }

    /// Whether a machine has it, without a proof that it is the right one.
    boolean isUnproven(StorePath path) {
        return unproven.containsKey(path);
    }

    /// Why none of `paths` came from a machine that has it; empty if no machine that was asked has one.
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

    /// A machine gave a false answer, or bytes that are no answer: it is not asked for that path again, and for
    /// nothing else for a while.
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

    /// Has a machine fetch `paths` from its substituters, and holds those that it has then and that have a proof.
    ///
    /// @param link used by the caller
    Collection<StorePath> fetchOn(MachineLink link, List<StorePath> paths) throws InterruptedException {
        return findOn(link, paths, true);
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
            // Then the machine cannot give them now, and they count as missing.
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

    /// Informs `other` of what is held here and by which machine, so that it can ask that machine itself.
    void shareWith(RetainedOutputs other) {
        byPath.forEach((path, holding) -> other.heard.put(path, holding.link()));
    }

    /// Conversations that broke off in the middle end here; the others are for the next client.
    void release() {
        var held = Collections.newSetFromMap(new IdentityHashMap<RetainedConversation, Boolean>());
        held.addAll(byPath.values());
        byPath.clear();
        for (var holding : held) holding.release();
    }
}
