package dispatcher.build.request;

import dispatcher.history.History;
import dispatcher.nix.attributes.PackageName;
import dispatcher.schedule.policy.Work;
import java.util.Optional;
import java.util.OptionalLong;

/// What builds are expected to take, from what others have taken.
public final class LearnedExpectations implements Expectations {
    private final History history;

    public LearnedExpectations(History history) {
        this.history = history;
    }

    /// Known is what builds of the same package have taken; of others no more than a guess can be made. Few
    /// builds take long, and these take most of the time: one that is not known counts as longer than most.
    @Override
    public Work work(PackageName name, String system) {
        return work(name, system, Optional.empty());
    }

    @Override
    public Work work(PackageName name, String system, Optional<String> client) {
        var estimate = history.expect(name, system, client);
        var guess = estimate.median().plus(estimate.high()).dividedBy(2);
        return switch (estimate.basis()) {
            case PACKAGE -> new Work(estimate.median(), true, history.remainingPath(name, system));
            case NAME, KIN, CLIENT, SYSTEM, ALL -> Work.assumed(guess);
            case DEFAULT -> Work.unmeasured(guess);
        };
    }

    @Override
    public OptionalLong peakMemory(PackageName name, String system) {
        return history.expect(name, system).peakMemory();
    }
}
