package dispatcher.cli.settings;

import dispatcher.client.ClientGrant;
import dispatcher.client.ClientPattern;
import dispatcher.client.ClientRule;
import dispatcher.client.ClientRules;
import dispatcher.nix.NixPublicKey;
import dispatcher.nix.NixSyntaxException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;

/// Binds `clients` to the rules for clients. Confined to one thread.
final class ClientsReader {
    private final Map<String, Integer> names = new HashMap<>();
    private final Map<Object, String> rulesOf = new HashMap<>();

    ClientRules read(Section top) {
        var rules = new ArrayList<ClientRule>();
        for (var section : top.sections("clients")) {
            try (section) {
                rule(section).ifPresent(rules::add);
            }
        }
        return new ClientRules(rules);
    }

    /// The rule, or nothing and at least one fault noted.
    private Optional<ClientRule> rule(Section section) {
        section.require("name", "what this rule is called in messages");
        var name = section.value("name", ClientsReader::name);
        name.ifPresent(it -> requireNew(it, section));
        var keys = section.values("keys", ClientPattern::ofKey);
        var users = section.values("users", ClientPattern.Name::new);
        if (!section.has("keys") && !section.has("users"))
            section.fault("names nobody: `keys` of clients that come by SSH, or `users` of this host, are missing");
        keys.forEach(key -> requireOnlyHere(key, "keys", section, name));
        users.forEach(user -> requireOnlyHere(List.of(user), "users", section, name));
        var trusted = section.flag("trusted").orElse(true);
        var priority = section.integer("priority", ClientGrant.LOWEST_PRIORITY, ClientGrant.HIGHEST_PRIORITY);
        var systems = words(section, "systems");
        if (section.isEmptyList("systems"))
            section.fault(
                    "systems",
                    "allows no system; leave it away to allow all, or take the key away from authorized_keys");
        var features = words(section, "features");
        var maxBuilds = section.integer("maxBuilds", 1, Integer.MAX_VALUE);
        var keepBuilding = section.flag("keepBuilding").orElse(false);
        return name.map(it -> new ClientRule(
                new ClientGrant(
                        it,
                        trusted,
                        priority.orElse(0),
                        systems,
                        features,
                        maxBuilds.map(OptionalInt::of).orElse(OptionalInt.empty()),
                        keepBuilding),
                keys,
                users));
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

    private static Optional<SortedSet<String>> words(Section section, String key) {
        if (!section.has(key)) return Optional.empty();
        return Optional.of(new TreeSet<>(section.values(key, MachineReader::item)));
    }
}
