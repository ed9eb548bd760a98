package dispatcher.simulate.policy;

import dispatcher.simulate.model.Plan;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// The policies that can be simulated.
public enum Policy {
    /// Nix's build hook.
    NIX("nix"),
    /// Hydra's queue runner in C++.
    HYDRA("hydra"),
    /// Hydra's queue runner in Rust.
    HYDRA_RS("hydra-rs"),
    /// The scheduler of this program.
    OURS("ours");

    private final String word;

    Policy(String word) {
        this.word = word;
    }

    /// @param seed of what a policy leaves to chance
    public Contestant contestant(Plan plan, Situation situation, long seed) {
        return switch (this) {
            case NIX -> new NixContestant(plan);
            case HYDRA -> new HydraContestant(plan, new Random(seed));
            case HYDRA_RS -> new HydraRsContestant(plan);
            case OURS -> new OursContestant(plan, situation, new Random(seed));
        };
    }

    /// As the command line spells it.
    public String word() {
        return word;
    }

    public static Optional<Policy> of(String word) {
        return Arrays.stream(values())
                .filter(policy -> policy.word.equals(word))
                .findFirst();
    }

    public static List<String> words() {
        return Arrays.stream(values()).map(Policy::word).toList();
    }
}
