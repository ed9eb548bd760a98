package dispatcher.build.placement;

import dispatcher.schedule.policy.MachineKind;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.SchedulingKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All machines at one moment, those that are alike in one group, so that a question about a build costs a look at each
/// group. Immutable once made.
final class FleetPicture {
    private static final double STEP = 1.25;

    private final Map<String, Member> members = new HashMap<>();
    private final List<Group> groups;

    /// @param objection why it may not have builds now; empty if it may
    private record Key(MachineKind kind, String objection, long speed, long bandwidth, boolean isUp) {}

    /// One machine.
    record Member(MachineSnapshot machine, SlotCount.Taken taken, Group group) {
        String name() {
            return machine.name();
        }

        boolean isFree() {
            return taken.builds() < machine.slots();
        }

        double load() {
            return taken.builds() / (double) Math.max(1, machine.machine().maxJobs());
        }

        /// Whether a build of that need finds enough of each resource.
        boolean hasLeft(SchedulingKey need) {
            for (var wanted : need.resources().entrySet()) {
                var has = machine.machine().resources().get(wanted.getKey());
                if (has != null && has - taken.resources().getOrDefault(wanted.getKey(), 0L) < wanted.getValue())
                    return false;
            }
            return true;
        }
    }

    /// Machines that are alike.
    ///
    /// @param number    among all groups
    /// @param objection why none of them may have builds now; empty if they may
    /// @param free      those with a free slot, the least loaded first
    /// @param full      those without
    record Group(
            int number, MachineKind kind, MachineSnapshot any, String objection, List<Member> free, List<Member> full) {
        int size() {
            return free.size() + full.size();
        }
    }

    FleetPicture(Collection<MachineSnapshot> machines, SlotCount taken) {
        var found = new LinkedHashMap<Key, Group>();
        for (var machine : machines) {
            var kind = MachineKind.of(machine.machine());
            var objection = objection(machine);
            var facts = machine.facts();
            var key = new Key(
                    kind,
                    objection,
                    step(facts.speed()),
                    step(facts.bandwidth()),
                    facts.boot().isUp());
            var group = found.computeIfAbsent(
                    key, _ -> new Group(found.size(), kind, machine, objection, new ArrayList<>(), new ArrayList<>()));
            var member = new Member(machine, taken.of(machine.name()), group);
            (member.isFree() ? group.free : group.full).add(member);
            members.put(machine.name(), member);
        }
        for (var group : found.values()) group.free.sort(Comparator.comparingDouble(Member::load));
        groups = List.copyOf(found.values());
    }

    private static long step(double value) {
        return Math.round(Math.log(value) / Math.log(STEP));
    }

    private static String objection(MachineSnapshot machine) {
        return switch (machine.state()) {
            case READY, ON_TRIAL, UNDESCRIBED -> "";
            case DRAINED -> "it is drained";
            case SET_ASIDE -> "it is set aside until it works again";
            case UNDER_PRESSURE ->
                machine.facts().objection().isEmpty()
                        ? "it is to stay off"
                        : "what was measured there speaks against it";
            case REMOVED -> "it is not in the settings any more";
        };
    }

    List<Group> groups() {
        return groups;
    }

    Optional<Member> member(String name) {
        return Optional.ofNullable(members.get(name));
    }

    int size() {
        return members.size();
    }
}
