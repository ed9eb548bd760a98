package dispatcher.access;

import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a client may do and how it is treated among others.
///
/// @param rule         name of the entry in the settings that it comes from, for messages; [#NO_RULE] without one
/// @param trusted      whether it is believed without a proof, as the users in Nix's `trusted-users` are
/// @param priority     of its builds, higher first
/// @param systems      platforms that it may build for; all if empty. `builtin` may always be built
/// @param features     that its builds may require; all if empty
/// @param maxBuilds    that it may have running at once; any number if empty
/// @param keepBuilding whether a build goes on when the client that wanted it has left
/// @param isolated     whether it sees nothing of what others have but what anybody can prove; only without trust,
///     since what a trusted client says is believed, of what it may read too
public record ClientGrant(
        String rule,
        boolean trusted,
        int priority,
        Optional<SortedSet<String>> systems,
        Optional<SortedSet<String>> features,
        OptionalInt maxBuilds,
        boolean keepBuilding,
        boolean isolated) {
    public static final int LOWEST_PRIORITY = -1000;
    public static final int HIGHEST_PRIORITY = 1000;
    public static final String NO_RULE = "(none)";

    /// What clients have that no rule is for.
    public static final ClientGrant DEFAULT =
            new ClientGrant(NO_RULE, true, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), false);

    /// Of a client that is not isolated.
    public ClientGrant(
            String rule,
            boolean trusted,
            int priority,
            Optional<SortedSet<String>> systems,
            Optional<SortedSet<String>> features,
            OptionalInt maxBuilds,
            boolean keepBuilding) {
        this(rule, trusted, priority, systems, features, maxBuilds, keepBuilding, false);
    }

    /// Runs on any machine.
    private static final String BUILTIN = "builtin";

    public ClientGrant {
        systems = systems.map(ClientGrant::copy);
        features = features.map(ClientGrant::copy);
        if (priority < LOWEST_PRIORITY || priority > HIGHEST_PRIORITY)
            throw new IllegalArgumentException(
                    "priority %d is not from %d to %d".formatted(priority, LOWEST_PRIORITY, HIGHEST_PRIORITY));
        if (isolated && trusted) throw new IllegalArgumentException("a client that is trusted cannot be isolated");
        if (maxBuilds.orElse(1) < 1)
            throw new IllegalArgumentException("maxBuilds " + maxBuilds.getAsInt() + " is below 1");
    }

    private static SortedSet<String> copy(SortedSet<String> words) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(words));
    }

    /// Why a build is not allowed, in words that name the rule; empty if it is allowed.
    ///
    /// @param platform         e.g. `x86_64-linux`
    /// @param requiredFeatures what the machine must have for it
    public Optional<String> objection(String platform, Collection<String> requiredFeatures) {
        if (systems.isPresent() && !platform.equals(BUILTIN) && !systems.get().contains(platform))
            return Optional.of(
                    "the rule '%s' for this client in the dispatcher's settings allows builds for %s, not for %s"
                            .formatted(rule, listed(systems.get()), platform));
        if (features.isEmpty()) return Optional.empty();
        var missing = new TreeSet<>(requiredFeatures);
        missing.removeAll(features.get());
        if (missing.isEmpty()) return Optional.empty();
        return Optional.of(
                "the rule '%s' for this client in the dispatcher's settings allows builds that require %s, not %s"
                        .formatted(rule, listed(features.get()), listed(missing)));
    }

    private static String listed(SortedSet<String> words) {
        return words.isEmpty() ? "none" : String.join(", ", words);
    }
}
