package dispatcher.build.placement;

import dispatcher.build.placement.FleetCensus.Question;
import dispatcher.build.placement.FleetPicture.Group;
import dispatcher.build.placement.FleetPicture.Member;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.Placing;
import dispatcher.schedule.policy.SchedulingKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Goes through a fleet for one build. Confined to one thread, used once.
final class PlacementSurvey {
    private static final double NANOS = 1e9;

    /// Of one group, machines that are compared, and looked at for what they have left.
    private static final int COMPARED = PlacementAccount.MOST_OTHERS;

    private static final int LOOKED_AT = 200;

    private final FleetPicture picture;
    private final Question question;
    private final SchedulingKey need;
    private final Set<String> apart;
    private final ObjectionTally objections = new ObjectionTally();
    private final Map<String, Candidate> candidates = new LinkedHashMap<>();
    private int free;
    private int fewestExtras = Integer.MAX_VALUE;

    private record Candidate(Member member, int extras) {}

    PlacementSurvey(FleetPicture picture, Question question) {
        this.picture = picture;
        this.question = question;
        this.need = SchedulingKey.of(question.request(), Set.of());
        this.apart = new HashSet<>(question.excluded());
        apart.add(question.chosen().machine());
    }

    PlacementAccount account() {
        int excluded = 0;
        for (var name : apart)
            if (!name.equals(question.chosen().machine())
                    && picture.member(name).isPresent()) excluded++;
        objections.add("the build has been lost there, or must not go there", excluded);
        int looked = 0;
        for (var group : picture.groups()) {
            if (looked++ < FleetCensus.MOST_GROUPS) look(group);
            else objections.add("not looked at, as there are too many kinds of machines", without(group, true, true));
        }
        addHolders();
        var others = candidates.values().stream()
                .map(candidate -> place(candidate.member, candidate.extras > fewestExtras))
                .sorted(Comparator.comparingDouble(Placement::score))
                .limit(PlacementAccount.MOST_OTHERS)
                .toList();
        return new PlacementAccount(question.chosen(), others, free, objections.counts());
    }

    private void look(Group group) {
        var unfit = Fitness.isFit(group.any().machine(), need)
                ? group.objection()
                : Fitness.objection(group.any().machine(), need).orElse("it does not fit");
        if (!unfit.isEmpty()) {
            objections.add(unfit, without(group, true, true));
            return;
        }
        objections.add("all its slots are taken", without(group, false, true));
        var able = able(group);
        if (able.isEmpty() && !isChosenIn(group)) return;
        int extras = group.kind().extras(need.requiredFeatures());
        fewestExtras = Math.min(fewestExtras, extras);
        able.stream().limit(COMPARED).forEach(member -> candidates.put(member.name(), new Candidate(member, extras)));
    }

    private boolean isChosenIn(Group group) {
        return picture.member(question.chosen().machine())
                .filter(member -> member.group().number() == group.number())
                .isPresent();
    }

    /// Those with a free slot that have what else it needs.
    private List<Member> able(Group group) {
        var able = new ArrayList<Member>();
        int lacking = 0;
        int looked = 0;
        for (var member : group.free()) {
            if (apart.contains(member.name())) continue;
            if (need.resources().isEmpty()) {
                able.add(member);
                if (able.size() >= COMPARED) break;
            } else if (looked++ >= LOOKED_AT) {
                break;
            } else if (member.hasLeft(need)) {
                able.add(member);
            } else {
                lacking++;
            }
        }
        objections.add("others have taken what the build needs of it", lacking);
        free += Math.max(able.size(), without(group, true, false) - lacking);
        return able;
    }

    /// How many of these are in no other count.
    private int without(Group group, boolean withFree, boolean withFull) {
        int count =
                (withFree ? group.free().size() : 0) + (withFull ? group.full().size() : 0);
        for (var name : apart) {
            var member = picture.member(name);
            if (member.isEmpty() || member.get().group().number() != group.number()) continue;
            if (member.get().isFree() ? withFree : withFull) count--;
        }
        return count;
    }

    /// Machines that hold much of what the build needs are compared too.
    private void addHolders() {
        for (var name : question.inputs().present().keySet()) {
            var member = picture.member(name);
            if (member.isEmpty() || apart.contains(name) || candidates.containsKey(name)) continue;
            var group = member.get().group();
            if (!member.get().isFree()
                    || !group.objection().isEmpty()
                    || !member.get().hasLeft(need)) continue;
            if (!Fitness.isFit(member.get().machine().machine(), need)) continue;
            candidates.put(name, new Candidate(member.get(), group.kind().extras(need.requiredFeatures())));
        }
    }

    private Placement place(Member member, boolean spared) {
        var facts = member.machine().facts();
        var work = question.request().work();
        long missing = question.inputs().missingOn(member.name());
        return new Placement(
                member.name(),
                0,
                seconds(facts.boot().takes()),
                missing,
                Placing.copySeconds(missing / facts.bandwidth(), 0, seconds(question.setUp())),
                seconds(work.expected()) / facts.speed(),
                spared,
                member.taken().builds(),
                member.machine().machine().maxJobs(),
                facts.speed(),
                true,
                work.isMeasured());
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / NANOS;
    }
}
