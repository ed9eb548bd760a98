package dispatcher.cli.settings.file;

import dispatcher.build.request.ResourceRules;
import dispatcher.build.request.ResourceRules.Rule;
import dispatcher.cli.settings.Section;
import dispatcher.cli.settings.value.Amounts;
import java.util.ArrayList;
import java.util.Optional;

/// Reads what builds take of the resources of machines.
final class ResourcesReader {
    private ResourcesReader() {}

    /// `resources`: a list of entries with `builds` and `take`, or with `attribute` and `resource`.
    static ResourceRules rules(Section top) {
        var rules = new ArrayList<Rule>();
        for (var section : top.sections(BuildKeys.RESOURCES))
            try (section) {
                rule(section).ifPresent(rules::add);
            }
        return new ResourceRules(rules);
    }

    private static Optional<Rule> rule(Section section) {
        var builds = section.get(BuildKeys.BUILDS);
        var attribute = section.get(BuildKeys.ATTRIBUTE);
        var resource = section.get(BuildKeys.RESOURCE);
        var amounts = section.named(BuildKeys.TAKE, Amounts::amount);
        if (builds.isPresent() == attribute.isPresent()) {
            section.fault(
                    "needs one of `builds`, a pattern for names of derivations, and `attribute`, the name of one");
            return Optional.empty();
        }
        if (builds.isPresent()) {
            section.require(BuildKeys.TAKE);
            if (section.has(BuildKeys.RESOURCE)) section.fault(BuildKeys.RESOURCE, "goes with `attribute`");
            return builds.map(name -> new Rule.Named(name, amounts));
        }
        section.require(BuildKeys.RESOURCE);
        if (section.has(BuildKeys.TAKE)) section.fault(BuildKeys.TAKE, "goes with `builds`");
        return attribute.flatMap(name -> resource.map(what -> new Rule.Attribute(name, what)));
    }
}
