package dispatcher.cli.settings;

import dispatcher.build.request.ResourceRules;
import dispatcher.build.request.ResourceRules.Rule;
import dispatcher.machine.Machine;
import java.util.ArrayList;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// What machines have that builds share, and what builds take of it.
public final class Resources {
    private Resources() {}

    /// A mapping from names to amounts: memory is a size, such as 64GiB; anything else a whole number.
    static SortedMap<String, Long> amounts(Section section, String key) {
        var amounts = new TreeMap<String, Long>();
        try (var group = section.section(key)) {
            for (var name : group.keys())
                group.value(name, text -> amount(name, text)).ifPresent(amount -> amounts.put(name, amount));
        }
        return amounts;
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
        for (var section : top.sections("resources"))
            try (section) {
                rule(section).ifPresent(rules::add);
            }
        return new ResourceRules(rules);
    }

    private static Optional<Rule> rule(Section section) {
        var builds = section.text("builds");
        var attribute = section.text("attribute");
        var resource = section.text("resource");
        var amounts = amounts(section, "take");
        if (builds.isPresent() == attribute.isPresent()) {
            section.fault(
                    "needs one of `builds`, a pattern for names of derivations, and `attribute`, the name of one");
            return Optional.empty();
        }
        if (builds.isPresent()) {
            section.require("take", "what these builds take, e.g. {memory: 16GiB}");
            if (section.has("resource")) section.fault("resource", "goes with `attribute`");
            return builds.map(name -> new Rule.Named(name, amounts));
        }
        section.require("resource", "what the attribute tells the amount of, e.g. memory");
        if (section.has("take")) section.fault("take", "goes with `builds`");
        return attribute.flatMap(name -> resource.map(what -> new Rule.Attribute(name, what)));
    }
}
