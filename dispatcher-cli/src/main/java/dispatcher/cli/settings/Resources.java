package dispatcher.cli.settings;

import dispatcher.build.request.ResourceRules;
import dispatcher.build.request.ResourceRules.Rule;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.Shape;
import dispatcher.cli.settings.value.Type;
import dispatcher.machine.Machine;
import java.util.ArrayList;
import java.util.Optional;
import java.util.SortedMap;

/// What machines have that builds share, and what builds take of it.
public final class Resources {
    /// Amounts by name: memory is a size, such as 64GiB; anything else a whole number.
    static final Type<Long> TYPE =
            Type.of("{memory: SIZE, NAME: COUNT}", new Shape.Amounts(), text -> amount("", text));

    private Resources() {}

    static SortedMap<String, Long> amounts(Section section, Key<Long> key) {
        return section.named(key, Resources::amount);
    }

    /// A size such as 64GiB if it is memory, else a whole number.
    ///
    /// @throws IllegalArgumentException if it is something else, with a message for people
    public static long amount(String name, String text) {
        if (name.equals(Machine.MEMORY)) return ByteSize.parse(text).bytes();
        if (text.matches("\\d{1,9}")) return Long.parseLong(text);
        throw new IllegalArgumentException("'%s' is not a whole number".formatted(text));
    }

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
        var amounts = amounts(section, BuildKeys.TAKE);
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
