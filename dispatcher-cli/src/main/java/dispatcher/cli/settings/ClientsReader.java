package dispatcher.cli.settings;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientPattern;
import dispatcher.access.ClientRule;
import dispatcher.access.ClientRules;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.key.NixPublicKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Binds `clients` to the rules for clients. Confined to one thread.
final class ClientsReader {
    private final Map<String, Integer> names = new HashMap<>();
    private final Map<Object, String> rulesOf = new HashMap<>();
    private final ClientWarnings warnings;

    /// @param warnings told of what is read
    ClientsReader(ClientWarnings warnings) {
        this.warnings = warnings;
    }

    ClientRules read(Section top) {
        var rules = new ArrayList<ClientRule>();
        var others = Optional.<ClientGrant>empty();
        for (var section : top.sections("clients")) {
            try (section) {
                if (others.isPresent())
                    section.fault("stands behind the entry with `default: true`, which must be the last one");
                if (section.flag("default").orElse(false)) others = others(section);
                else rule(section).ifPresent(rules::add);
            }
        }
        if (!rules.isEmpty() && others.isEmpty()) warnings.noDefault(top.line("clients"));
        return new ClientRules(rules, others.orElse(ClientGrant.DEFAULT));
    }

    /// What clients get whom no entry names, or nothing and at least one fault noted.
    private Optional<ClientGrant> others(Section section) {
        var name = newName(section);
        for (var key : List.of("keys", "users")) {
            if (section.has(key))
                section.fault(
                        key, "names clients, and `default: true` is for those that no entry names; take one away");
        }
        return grant(section, name);
    }

    /// The rule, or nothing and at least one fault noted.
    private Optional<ClientRule> rule(Section section) {
        var name = newName(section);
        var keys = section.placed("keys", ClientPattern::ofKey);
        var users = section.placed("users", ClientPattern::ofUser);
        if (!section.has("keys") && !section.has("users"))
            section.fault("names nobody: `keys` of clients that come by SSH, or `users` of this host, are missing; or"
                    + " `default: true`, for clients that no entry names");
        keys.forEach(key -> requireOnlyHere(key.value(), "keys", section, name));
        users.forEach(user -> requireOnlyHere(List.of(user.value()), "users", section, name));
        warnings.rule(name.orElse("above"), keys, users);
        return grant(section, name)
                .map(it -> new ClientRule(
                        it,
                        keys.stream().map(Section.Placed::value).toList(),
                        users.stream().map(Section.Placed::value).toList()));
    }

    private Optional<String> newName(Section section) {
        section.require("name", "what this rule is called in messages");
        var name = section.value("name", ClientsReader::name);
        name.ifPresent(it -> requireNew(it, section));
        return name;
    }

    private Optional<ClientGrant> grant(Section section, Optional<String> name) {
        var trusted = section.flag("trusted").orElse(true);
        var priority = section.integer("priority", ClientGrant.LOWEST_PRIORITY, ClientGrant.HIGHEST_PRIORITY);
        var systems = section.placed("systems", ClientsReader::word);
        if (section.isEmptyList("systems"))
            section.fault(
                    "systems",
                    "allows no system; leave it away to allow all, or take the key away from authorized_keys");
        var features = section.placed("features", ClientsReader::word);
        warnings.systems(systems);
        warnings.features(features);
        var maxBuilds = section.integer("maxBuilds", 1, Integer.MAX_VALUE);
        var keepBuilding = section.flag("keepBuilding").orElse(false);
        var isolated = section.flag("isolate").orElse(false);
        if (isolated && trusted)
            section.fault(
                    "isolate",
                    "needs `trusted: false`: a client that is believed can have machines hand out and change what others have");
        return name.map(it -> new ClientGrant(
                it,
                trusted,
                priority.orElse(0),
                section.has("systems") ? Optional.of(words(systems)) : Optional.empty(),
                section.has("features") ? Optional.of(words(features)) : Optional.empty(),
                maxBuilds.map(OptionalInt::of).orElse(OptionalInt.empty()),
                keepBuilding,
                isolated && !trusted));
    }

    private void requireNew(String name, Section section) {
        var first = names.putIfAbsent(name, section.line("name"));
        if (first != null)
            section.fault("name", "'%s' is the name of the rule in line %d already".formatted(name, first));
    }

    /// Of two rules for the same client, the second would never count.
    private void requireOnlyHere(Object client, String key, Section section, Optional<String> rule) {
        var first = rulesOf.putIfAbsent(client, rule.orElse("above"));
        if (first != null)
            section.fault(key, "names a client that the rule '%s' is for; only the first one counts".formatted(first));
    }

    /// As in Nix's `trusted-public-keys`.
    static NixPublicKey publicKey(String text) {
        try {
            return NixPublicKey.parse(text);
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static String name(String text) {
        if (!text.matches("[A-Za-z0-9._-]+"))
            throw new IllegalArgumentException("'%s' is no name; use letters, digits and . _ -".formatted(text));
        return text;
    }

    /// A system or a feature. That all are allowed is said otherwise.
    private static String word(String text) {
        if (text.contains("*"))
            throw new IllegalArgumentException(
                    "'%s' stands for itself here; leave the key away to allow all, or name each".formatted(text));
        return MachineReader.item(text);
    }

    private static SortedSet<String> words(List<Section.Placed<String>> placed) {
        return placed.stream().map(Section.Placed::value).collect(Collectors.toCollection(TreeSet::new));
    }
}
