package dispatcher.build.request;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.DerivationAttributes;
import dispatcher.text.Wildcards;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// What builds take of a machine's resources while they run. Of several rules that fit a build, the largest
/// amount of each resource counts.
///
/// @param rules in the order of the settings
public record ResourceRules(List<Rule> rules) {
    public static final ResourceRules NONE = new ResourceRules(List.of());

    /// One rule.
    public sealed interface Rule {
        /// How much builds of that name take.
        ///
        /// @param name of the derivation, with `*` for any text
        record Named(String name, SortedMap<String, Long> amounts) implements Rule {
            public Named {
                amounts = Collections.unmodifiableSortedMap(new TreeMap<>(amounts));
            }

            boolean fits(String derivationName) {
                return Wildcards.matches(name, derivationName);
            }
        }

        /// A build takes as much of a resource as an attribute of its derivation says: a whole number, of bytes for
        /// memory.
        record Attribute(String attribute, String resource) implements Rule {}
    }

    public ResourceRules {
        rules = List.copyOf(rules);
    }

    /// What one build takes, by resource.
    ///
    /// @throws dispatcher.nix.NixSyntaxException if its structured attributes cannot be read
    public SortedMap<String, Long> of(StorePath drvPath, BasicDerivation derivation) {
        var taken = new TreeMap<String, Long>();
        for (var rule : rules) {
            switch (rule) {
                case Rule.Named named -> {
                    if (named.fits(drvPath.derivationName()))
                        named.amounts().forEach((name, amount) -> taken.merge(name, amount, Math::max));
                }
                case Rule.Attribute(var attribute, var resource) ->
                    DerivationAttributes.number(derivation, attribute)
                            .ifPresent(amount -> taken.merge(resource, amount, Math::max));
            }
        }
        return taken;
    }
}
