package dispatcher.machine.registry;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.attributes.DerivationAttributes;
import dispatcher.text.Printable;
import java.util.Optional;
import java.util.regex.Pattern;

/// What of a machine's own settings keeps it from a build, as far as its Nix's words show: they come with the
/// status of any other failure (`MiscFailure`, `InputRejected` or `PermanentFailure`, by version), before
/// anything is built.
///
/// Only the beginning of what Nix says counts, as a build's own words come after Nix's, and no client can choose
/// those.
///
/// Source: Nix 2.3 to 2.36 and Lix, `src/libstore/build*`, `src/libstore/daemon.cc`,
/// `src/libutil/experimental-features.cc`.
public enum Unfit {
    /// It starts no builds at all.
    NO_JOBS("max-jobs", "[Uu]nable to start any build\\b"),

    /// Its Nix does not have the system or a feature that the build requires.
    NO_SYSTEM(
            "system, extra-platforms or system-features",
            "an? '[^'\n]*' with features \\{[^}\n]*\\} is required to build '"
                    + "|[Cc]annot build (?:derivation )?'[^'\n]*'[.:]?\\s+(?:Reason: )?required system or feature not available"),

    /// Its Nix does not do what the derivation is.
    NO_EXPERIMENT("experimental-features", "experimental \\w+ feature '[^'\n]*' is disabled\\b"),

    /// The build wants no sandbox, and the machine insists on one.
    SANDBOXED("sandbox", "derivation '[^'\n]*' has '__noChroot' set, but that's not allowed\\b"),

    /// The build needs a sandbox, and the machine cannot make one.
    NO_SANDBOX("sandbox", "this system does not support the kernel namespaces that are required for sandboxing\\b"),

    /// It has no users to build as.
    NO_USERS(
            "build-users-group",
            "the group '[^'\n]*' specified in 'build-users-group' does not exist"
                    + "|the build users group '[^'\n]*' has no members"),

    /// It lets only users that it trusts build this.
    NOT_TRUSTED("trusted-users", "you are not privileged to build (?:input-addressed )?derivations\\b");

    /// In the report of a conversation that ended.
    private static final String SAID = " had said: ";

    private static final Pattern PREFIX = Pattern.compile("(?:\\s*error:)*\\s*");

    private final String setting;
    private final Pattern words;

    Unfit(String setting, String words) {
        this.setting = setting;
        this.words = Pattern.compile(words);
    }

    /// Empty if the build failed for another reason, or did not fail.
    public static Optional<Unfit> of(BuildResult result) {
        return switch (result.status()) {
            case PERMANENT_FAILURE, INPUT_REJECTED, TRANSIENT_FAILURE, MISC_FAILURE -> of(result.message());
            case BUILT,
                    SUBSTITUTED,
                    ALREADY_VALID,
                    RESOLVES_TO_ALREADY_VALID,
                    OUTPUT_REJECTED,
                    CACHED_FAILURE,
                    TIMED_OUT,
                    DEPENDENCY_FAILED,
                    LOG_LIMIT_EXCEEDED,
                    NOT_DETERMINISTIC,
                    NO_SUBSTITUTERS -> Optional.empty();
        };
    }

    /// @param words what a machine says instead of building
    public static Optional<Unfit> of(String words) {
        var text = Printable.lines(words);
        var matcher = PREFIX.matcher(text);
        int from = matcher.lookingAt() ? matcher.end() : 0;
        for (var unfit : values())
            if (unfit.words.matcher(text).region(from, text.length()).lookingAt()) return Optional.of(unfit);
        return Optional.empty();
    }

    /// The same of the last words of a conversation, which a machine ended: in the serve protocol that is how it
    /// says that it trusts nobody. What comes before them may be the log of a build.
    public static Optional<Unfit> ofLastWords(String words) {
        var last = words.lines().reduce("", (_, line) -> line);
        int said = last.lastIndexOf(SAID);
        return of(said < 0 ? last : last.substring(said + SAID.length())).filter(unfit -> unfit == NOT_TRUSTED);
    }

    /// Which setting it is, with the machine's own words.
    public String explain(String words) {
        return "it refuses that by %s in its nix.conf: %s".formatted(setting, Printable.joined(words));
    }

    /// Which builds a machine refuses for this, that refuses this one; empty if this one cannot be among them.
    Optional<String> need(BasicDerivation derivation, DerivationAttributes attributes) {
        return switch (this) {
            // Older versions of Nix do those of that kind by themselves.
            case NO_JOBS -> Optional.of(attributes.preferLocalBuild() ? "builds that prefer to be local" : "builds");
            case NO_USERS -> Optional.of("builds");
            case NO_SYSTEM, NO_EXPERIMENT -> Optional.of(ofSystem(derivation, attributes));
            case SANDBOXED -> Optional.of("builds without a sandbox").filter(_ -> attributes.noChroot());
            case NO_SANDBOX -> Optional.of("builds in a sandbox").filter(_ -> !attributes.noChroot());
            case NOT_TRUSTED ->
                Optional.of(
                        isContentAddressed(derivation)
                                ? "builds of content-addressed derivations"
                                : "builds of input-addressed derivations");
        };
    }

    private static String ofSystem(BasicDerivation derivation, DerivationAttributes attributes) {
        var features = attributes.requiredSystemFeatures();
        var system = "builds for " + derivation.platform();
        return features.isEmpty() ? system : system + " with " + String.join(", ", features);
    }

    private static boolean isContentAddressed(BasicDerivation derivation) {
        return derivation.outputs().values().stream().allMatch(output -> switch (output) {
            case DerivationOutput.Fixed _, DerivationOutput.Floating _, DerivationOutput.Impure _ -> true;
            case DerivationOutput.InputAddressed _, DerivationOutput.Deferred _ -> false;
        });
    }
}
