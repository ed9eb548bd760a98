package dispatcher.build.failure;

import dispatcher.build.failure.AttemptLostException.Kind;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.text.Printable;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// On which machines one build was lost and why, and so where it may still go. Confined to one thread.
///
/// A machine that could not be reached is as good as any when it is back. One that broke during the build is avoided,
/// but may be used again when there is no other. One that gave a verdict on the build itself is not asked a second
/// time. If a fixed output is missing, one other machine is tried. If memory ran out, a larger machine is tried,
/// once. A build that was killed for an unknown reason goes to any other machine, once.
public final class AttemptHistory {
    private static final int MOST_KILLED = 2;
    private static final int MOST_UNLUCKY = 3;
    private static final int MOST_WITHOUT_OUTPUT = 2;
    private static final int MOST_DISK_UNEXPLAINED = 2;

    /// What is no fault of machines if it is the same on all of them.
    private static final Set<Set<Kind>> BY_THE_BUILD_ITSELF =
            Set.of(Set.of(Kind.KILLED), Set.of(Kind.DISK_UNEXPLAINED), Set.of(Kind.DEEP_INPUT));

    private final StorePath drvPath;
    private final int maxAttempts;
    private final Map<String, AttemptLostException> last = new LinkedHashMap<>();
    private final Map<String, Integer> counts = new LinkedHashMap<>();

    /// Machines that cannot do better than others did.
    private final Set<String> ruledOut = new HashSet<>();

    /// On how many machines it began.
    private int begun;

    /// How often it was lost with a machine that also breaks without it.
    private int unlucky;

    private int killed;

    /// How often a fixed output was built and was not valid.
    private int withoutOutput;

    /// How often its log spoke of a full disk that no measurement showed.
    private int diskUnexplained;

    public AttemptHistory(StorePath drvPath, int maxAttempts) {
        this.drvPath = drvPath;
        this.maxAttempts = maxAttempts;
    }

    /// @param failures of the machine in the last hour, this one included
    public void add(String machine, AttemptLostException loss, int failures) {
        last.remove(machine);
        last.put(machine, loss);
        counts.merge(machine, 1, Integer::sum);
        if (hasBegun(loss)) begun++;
        if (loss.kind() == Kind.BUILDING && failures > counts.getOrDefault(machine, 0)) unlucky++;
        if (isKill(loss.kind())) killed++;
        if (hasNoOutput(loss)) withoutOutput++;
        if (loss.kind() == Kind.DISK_UNEXPLAINED) diskUnexplained++;
    }

    private static boolean isKill(Kind kind) {
        return kind == Kind.OUT_OF_MEMORY || kind == Kind.KILLED || kind == Kind.KILLED_UNEXPLAINED;
    }

    private static boolean hasBegun(AttemptLostException loss) {
        return switch (loss.kind()) {
            case BUILDING, ENDED, CLAIMED, NO_FIXED_OUTPUT, FAILED, OUT_OF_MEMORY, KILLED, KILLED_UNEXPLAINED -> true;
            // A machine without room for the inputs has not begun.
            case DISK_FULL, NO_INODES, DISK_UNEXPLAINED -> loss.verdict().isPresent();
            case AWAY, REFUSED, DEEP_INPUT, UNFIT, HOME -> false;
        };
    }

    /// It must not go to these machines.
    public void ruleOut(Set<String> machines) {
        ruledOut.addAll(machines);
    }

    public boolean isEmpty() {
        return last.isEmpty();
    }

    /// Whether it began often enough. A machine's known faults do not count against the build, up to a limit.
    public boolean exhausted() {
        return begun - unlucky >= maxAttempts
                || begun >= MOST_UNLUCKY * maxAttempts
                || killed >= MOST_KILLED
                || withoutOutput >= MOST_WITHOUT_OUTPUT
                || diskUnexplained >= MOST_DISK_UNEXPLAINED;
    }

    /// Machines that it must not go to next.
    ///
    /// @param usable machines that fit and are not set aside
    public Set<String> excluded(Set<String> usable) {
        var left = new HashSet<>(usable);
        left.removeAll(ruledOut);
        var excluded = new HashSet<>(ruledOut);
        var avoided = avoided();
        excluded.addAll(avoided.containsAll(left) ? hopeless() : avoided);
        return excluded;
    }

    private Set<String> avoided() {
        var avoided = hopeless();
        last.forEach((machine, loss) -> {
            if (loss.kind() == Kind.BUILDING || loss.kind() == Kind.ENDED) avoided.add(machine);
        });
        return avoided;
    }

    private Set<String> hopeless() {
        var hopeless = new HashSet<String>();
        last.forEach((machine, loss) -> {
            if (!isThatOfTheMachine(loss.kind()) || counts.getOrDefault(machine, 0) >= maxAttempts)
                hopeless.add(machine);
        });
        return hopeless;
    }

    private static boolean isThatOfTheMachine(Kind kind) {
        return switch (kind) {
            case AWAY, BUILDING, ENDED -> true;
            case REFUSED,
                    DEEP_INPUT,
                    UNFIT,
                    HOME,
                    CLAIMED,
                    NO_FIXED_OUTPUT,
                    FAILED,
                    OUT_OF_MEMORY,
                    KILLED,
                    KILLED_UNEXPLAINED,
                    DISK_FULL,
                    NO_INODES,
                    DISK_UNEXPLAINED -> false;
        };
    }

    /// One line for the client's log about this loss.
    public static String note(StorePath drvPath, String machine, AttemptLostException loss) {
        var what = switch (loss.kind()) {
            case AWAY -> "machine %s cannot be used for %s";
            case ENDED -> "Nix on machine %s ended while it built %s";
            case BUILDING -> "lost machine %s while building %s";
            case REFUSED, DEEP_INPUT, UNFIT -> "machine %s refuses %s";
            case HOME -> "machine %s cannot build %s";
            case CLAIMED, NO_FIXED_OUTPUT -> "machine %s has no valid output of %s";
            case FAILED -> "%2$s failed on machine %1$s for reasons of the moment";
            case OUT_OF_MEMORY -> "machine %s killed %s, probably because its memory ran out";
            case KILLED_UNEXPLAINED ->
                "machine %s killed %s, perhaps because its memory ran out; the machine does not report memory";
            case KILLED -> "machine %s killed %s";
            case NO_INODES -> "the disk of machine %s has no inodes left, so it cannot build %s";
            case DISK_UNEXPLAINED ->
                "perhaps the disk of machine %s is full, as %s says; the machine does not report that";
            case DISK_FULL -> "the disk of machine %s is full, so it cannot build %s";
        };
        return "dispatcher: %s (%s)".formatted(what.formatted(machine, drvPath), Printable.joined(loss.reason()));
    }

    /// The result for the client when no machine is left. If all machines that may do such builds gave a verdict on
    /// this one, it is the last of those.
    public BuildResult verdict() {
        var losses = conclusive();
        var verdicts = losses.values().stream()
                .flatMap(loss -> loss.verdict().stream())
                .toList();
        if (verdicts.size() == losses.size()) {
            // What happens everywhere is the build's own doing.
            if (BY_THE_BUILD_ITSELF.contains(kinds())) return verdicts.getLast();
            var words = verdicts.getLast().message();
            return transientFailure(kinds().equals(Set.of(Kind.FAILED)) ? words : words + "\n" + summary());
        }
        if (withoutOutput > 0 && kinds().stream().allMatch(AttemptHistory::mayHaveNoOutput)) return withoutOutput();
        var why = new StringBuilder(summary());
        last.forEach((machine, loss) ->
                why.append("\n  ").append(machine).append(": ").append(Printable.joined(loss.reason())));
        return transientFailure(why.toString());
    }

    private static boolean hasNoOutput(AttemptLostException loss) {
        return loss.kind() == Kind.CLAIMED || loss.kind() == Kind.NO_FIXED_OUTPUT;
    }

    private static boolean mayHaveNoOutput(Kind kind) {
        return Set.of(Kind.CLAIMED, Kind.NO_FIXED_OUTPUT, Kind.ENDED, Kind.UNFIT)
                .contains(kind);
    }

    private BuildResult withoutOutput() {
        var words = new StringBuilder(
                        "%s has no valid output; a fixed output must not refer to store paths, which old versions of Nix"
                                .formatted(drvPath))
                .append(" report in no other way:");
        last.forEach((machine, loss) ->
                words.append("\n  machine %s: %s".formatted(machine, Printable.joined(loss.reason()))));
        return BuildResult.of(BuildStatus.OUTPUT_REJECTED, words.toString());
    }

    /// Says nothing to other clients that ask for the same build.
    private static BuildResult transientFailure(String message) {
        return BuildResult.of(BuildStatus.TRANSIENT_FAILURE, message);
    }

    /// The losses that decide: without machines that do no such builds, if all the others gave a verdict.
    private Map<String, AttemptLostException> conclusive() {
        var others = new LinkedHashMap<>(last);
        others.values().removeIf(loss -> loss.kind() == Kind.UNFIT);
        boolean allConclude = !others.isEmpty()
                && others.values().stream().allMatch(loss -> loss.verdict().isPresent());
        return allConclude ? others : last;
    }

    private Set<Kind> kinds() {
        return conclusive().values().stream().map(AttemptLostException::kind).collect(Collectors.toSet());
    }

    private String summary() {
        var kinds = kinds();
        var machines = String.join(", ", conclusive().keySet());
        if (Set.of(Kind.OUT_OF_MEMORY, Kind.KILLED_UNEXPLAINED).containsAll(kinds))
            return "%s was killed on %s, probably because memory ran out there; a machine with more of it may do"
                    .formatted(drvPath, machines);
        if (kinds.stream().allMatch(AttemptHistory::isKill))
            return "%s was killed on %s, and not everywhere for lack of memory; the system logs there may say by what"
                    .formatted(drvPath, machines);
        if (kinds.equals(Set.of(Kind.NO_INODES)))
            return "%s found no inodes left on the disk of %s; remove files there, for instance with nix-collect-garbage"
                    .formatted(drvPath, machines);
        if (Set.of(Kind.DISK_FULL, Kind.NO_INODES).containsAll(kinds))
            return "%s found the disk full on %s; make room there, for instance with nix-collect-garbage"
                    .formatted(drvPath, machines);
        if (kinds.equals(Set.of(Kind.UNFIT)))
            return "%s could not be built, as the own settings of all machines for it keep them from that; this is no fault of the build:"
                    .formatted(drvPath);
        if (kinds.equals(Set.of(Kind.HOME)))
            return "%s was not built: it is asked for on the only machine that is there for it, whose Nix keeps others from building it until it has it; let that Nix build it itself (--builders '' there), or add another machine:"
                    .formatted(drvPath);
        if (kinds.equals(Set.of(Kind.ENDED)))
            return "%s was being built %d times when Nix on its machine ended; perhaps its fixed output refers to store paths, which it must not:"
                    .formatted(drvPath, begun);
        if (exhausted() && kinds.equals(Set.of(Kind.BUILDING)))
            return "%s was being built %d times when its machine was lost; it may be what takes them down, so it is not tried on another:"
                    .formatted(drvPath, begun);
        return "%s could not be built; this is no fault of the build:".formatted(drvPath);
    }
}
