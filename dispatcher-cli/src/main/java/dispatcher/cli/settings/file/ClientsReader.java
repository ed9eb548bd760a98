package dispatcher.cli.settings.file;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientRule;
import dispatcher.access.ClientRules;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Section;
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

    /// @param warnings that collect from what is read
    ClientsReader(ClientWarnings warnings) {
        this.warnings = warnings;
    }

    ClientRules read(Section top) {
        var rules = new ArrayList<ClientRule>();
        var others = Optional.<ClientGrant>empty();
        for (var section : top.sections(ClientKeys.CLIENTS)) {
            try (section) {
                if (others.isPresent())
                    section.fault("stands behind the entry with `default: true`, which must be the last one");
                if (section.value(ClientKeys.DEFAULT)) others = others(section);
                else rule(section).ifPresent(rules::add);
            }
        }
        if (!rules.isEmpty() && others.isEmpty()) warnings.noDefault(top.line(ClientKeys.CLIENTS));
        return new ClientRules(rules, others.orElse(ClientGrant.DEFAULT));
    }

    /// What clients get whom no entry names, or nothing and at least one fault noted.
    private Optional<ClientGrant> others(Section section) {
        var name = newName(section);
        for (var key : List.of(ClientKeys.KEYS, ClientKeys.USERS)) {
            if (section.has(key))
                section.fault(
                        key, "names clients, and `default: true` is for those that no entry names; take one away");
        }
        return grant(section, name);
    }

    /// The rule, or nothing and at least one fault noted.
    private Optional<ClientRule> rule(Section section) {
        var name = newName(section);
        var keys = section.placed(ClientKeys.KEYS);
        var users = section.placed(ClientKeys.USERS);
        if (!section.has(ClientKeys.KEYS) && !section.has(ClientKeys.USERS))
            section.fault("names nobody: `keys` of clients that come by SSH, or `users` of this host, are missing; or"
                    + " `default: true`, for clients that no entry names");
        keys.forEach(key -> requireOnlyHere(key.value(), ClientKeys.KEYS, section, name));
        users.forEach(user -> requireOnlyHere(List.of(user.value()), ClientKeys.USERS, section, name));
        warnings.rule(name.orElse("above"), keys, users);
        return grant(section, name)
                .map(it -> new ClientRule(
                        it,
                        keys.stream().map(Section.Placed::value).toList(),
                        users.stream().map(Section.Placed::value).toList()));
    }

    private Optional<String> newName(Section section) {
        section.require(ClientKeys.NAME);
        var name = section.get(ClientKeys.NAME);
        name.ifPresent(it -> requireNew(it, section));
        return name;
    }

    private Optional<ClientGrant> grant(Section section, Optional<String> name) {
        var trusted = section.value(ClientKeys.TRUSTED);
        var priority = section.value(ClientKeys.PRIORITY);
        var systems = section.placed(ClientKeys.SYSTEMS);
        if (section.isEmptyList(ClientKeys.SYSTEMS))
            section.fault(
                    ClientKeys.SYSTEMS,
                    "allows no system; leave it away to allow all, or take the key away from authorized_keys");
        var features = section.placed(ClientKeys.FEATURES);
        warnings.systems(systems);
        warnings.features(features);
        var maxBuilds = section.get(ClientKeys.MAX_BUILDS);
        var keepBuilding = section.value(ClientKeys.KEEP_BUILDING);
        var isolated = section.value(ClientKeys.ISOLATE);
        if (isolated && trusted)
            section.fault(
                    ClientKeys.ISOLATE,
                    "needs `trusted: false`: a client that is believed can have machines hand out and change what others have");
        return name.map(it -> new ClientGrant(
                it,
                trusted,
                priority,
                section.has(ClientKeys.SYSTEMS) ? Optional.of(words(systems)) : Optional.empty(),
                section.has(ClientKeys.FEATURES) ? Optional.of(words(features)) : Optional.empty(),
                maxBuilds.map(OptionalInt::of).orElse(OptionalInt.empty()),
                keepBuilding,
                isolated && !trusted));
    }

    private void requireNew(String name, Section section) {
        var first = names.putIfAbsent(name, section.line(ClientKeys.NAME));
        if (first != null)
            section.fault(ClientKeys.NAME, "'%s' is the name of the rule in line %d already".formatted(name, first));
    }

    /// Of two rules for the same client, the second would never count.
    private void requireOnlyHere(Object client, Key<?> key, Section section, Optional<String> rule) {
        var first = rulesOf.putIfAbsent(client, rule.orElse("above"));
        if (first != null)
            section.fault(key, "names a client that the rule '%s' is for; only the first one counts".formatted(first));
    }

    private static SortedSet<String> words(List<Section.Placed<String>> placed) {
        return placed.stream().map(Section.Placed::value).collect(Collectors.toCollection(TreeSet::new));
    }
}
