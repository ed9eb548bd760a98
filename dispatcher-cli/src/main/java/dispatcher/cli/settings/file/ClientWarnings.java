package dispatcher.cli.settings.file;

import dispatcher.access.ClientPattern;
import dispatcher.cli.settings.Section.Placed;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.machine.Machine;
import dispatcher.ssh.server.AuthorizedClients;
import dispatcher.text.Spelling;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What rules for clients say that is allowed and probably not meant: who names nobody is treated as if there
/// were no rule. Confined to one thread.
final class ClientWarnings {
    private final String file;
    private final boolean overSsh;
    private final boolean local;
    /// Whether the settings say what each machine builds for.
    private final boolean allDescribed;

    private final Set<String> systems;
    private final Set<String> features;
    private final Optional<List<AuthorizedClients.Client>> clients;
    private final Path authorizedKeys;
    private final Predicate<String> isUser;
    private final List<Fault> warnings = new ArrayList<>();
    private final List<Seen> seenKeys = new ArrayList<>();
    private final List<Seen> seenUsers = new ArrayList<>();

    /// A pattern of an entry that came before.
    private record Seen(ClientPattern pattern, String rule, int line) {}

    /// @param file           for warnings
    /// @param machines       of the fleet
    /// @param authorizedKeys of clients that come by SSH
    ClientWarnings(String file, Settings.Listen listen, Collection<Machine> machines, Path authorizedKeys) {
        this(file, listen, machines, authorizedKeys, ClientWarnings::isUserOfThisHost);
    }

    /// @param isUser whether this host has such a user
    ClientWarnings(
            String file,
            Settings.Listen listen,
            Collection<Machine> machines,
            Path authorizedKeys,
            Predicate<String> isUser) {
        this.file = file;
        this.overSsh = listen.ssh().isPresent();
        this.local = listen.socket().isPresent();
        this.allDescribed = machines.stream().allMatch(Machine::isDescribed);
        this.systems = machines.stream()
                .flatMap(machine -> machine.systems().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        this.features = machines.stream()
                .flatMap(machine -> Stream.of(machine.supportedFeatures(), machine.mandatoryFeatures())
                        .flatMap(Set::stream))
                .collect(Collectors.toCollection(TreeSet::new));
        this.authorizedKeys = authorizedKeys;
        this.clients = overSsh ? AuthorizedClients.in(authorizedKeys) : Optional.empty();
        this.isUser = isUser;
    }

    List<Fault> all() {
        return List.copyOf(warnings);
    }

    private void add(Placed<?> where, String message) {
        warnings.add(new Fault(file, where.line(), where.path(), message));
    }

    /// There are entries, and none for clients that none names.
    void noDefault(int line) {
        if ((!overSsh || hasAny(seenKeys)) && (!local || hasAny(seenUsers))) return;
        warnings.add(new Fault(
                file,
                line,
                "clients",
                "clients that no entry names are trusted and may do everything; say so, or what else they may do, with"
                        + " a last entry such as {name: others, default: true, trusted: false}"));
    }

    private static boolean hasAny(List<Seen> seen) {
        return seen.stream().anyMatch(it -> it.pattern() instanceof ClientPattern.Name name && name.isAny());
    }

    void rule(String name, List<Placed<ClientPattern>> keys, List<Placed<ClientPattern.Name>> users) {
        keys.forEach(key -> {
            if (isReachable(key, seenKeys)) key(key);
        });
        users.forEach(user -> {
            if (isReachable(user, seenUsers)) user(user);
        });
        keys.forEach(key -> seenKeys.add(new Seen(key.value(), name, key.line())));
        users.forEach(user -> seenUsers.add(new Seen(user.value(), name, user.line())));
    }

    private boolean isReachable(Placed<? extends ClientPattern> pattern, List<Seen> before) {
        for (var seen : before) {
            if (!seen.pattern().covers(pattern.value())) continue;
            // The same pattern twice is a fault.
            if (!seen.pattern().equals(pattern.value()))
                add(
                        pattern,
                        "never counts, as the entry '%s' in line %d names whom this names, and the first one counts"
                                .formatted(seen.rule(), seen.line()));
            return false;
        }
        return true;
    }

    private void key(Placed<ClientPattern> key) {
        if (clients.isEmpty()) return;
        var named = clients.get().stream()
                .filter(client -> key.value().isForKey(client.fingerprint(), client.name()))
                .toList();
        if (named.isEmpty()) {
            add(key, "names no key in %s, so that this entry is for nobody by it".formatted(authorizedKeys));
            return;
        }
        var earlier = named.stream().map(this::earlierRule).toList();
        if (earlier.stream().allMatch(Optional::isPresent)) {
            var seen = earlier.getFirst().orElseThrow();
            add(
                    key,
                    "never counts, as the key in %s:%d is named by the entry '%s' in line %d, and the first one counts"
                            .formatted(authorizedKeys, named.getFirst().line(), seen.rule(), seen.line()));
        }
    }

    private Optional<Seen> earlierRule(AuthorizedClients.Client client) {
        return seenKeys.stream()
                .filter(seen -> seen.pattern().isForKey(client.fingerprint(), client.name()))
                .findFirst();
    }

    private void user(Placed<ClientPattern.Name> user) {
        if (!user.value().hasWildcard() && !isUser.test(user.value().text()))
            add(
                    user,
                    "there is no user '%s' on this host".formatted(user.value().text()));
    }

    private static boolean isUserOfThisHost(String name) {
        try {
            var _ = FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(name);
            return true;
        } catch (UserPrincipalNotFoundException e) {
            return false;
        } catch (IOException | UnsupportedOperationException e) {
            // Not to be found out.
            return true;
        }
    }

    void systems(List<Placed<String>> allowed) {
        for (var system : allowed) {
            if (allDescribed && !systems.contains(system.value()))
                add(system, "no machine builds for '%s'%s".formatted(system.value(), hint(system.value(), systems)));
        }
    }

    void features(List<Placed<String>> allowed) {
        for (var feature : allowed) {
            if (allDescribed && !features.contains(feature.value()))
                add(feature, "no machine has '%s'%s".formatted(feature.value(), hint(feature.value(), features)));
        }
    }

    private static String hint(String wrong, Set<String> right) {
        return Spelling.nearest(wrong, right)
                .map("; did you mean '%s'?"::formatted)
                .orElse("");
    }
}
