package dispatcher.access;

import java.util.List;

/// A grant and the clients that have it.
///
/// @param keys  of clients that come by SSH
/// @param users of clients on this host
public record ClientRule(ClientGrant grant, List<ClientPattern> keys, List<ClientPattern.Name> users) {
    public ClientRule {
        keys = List.copyOf(keys);
        users = List.copyOf(users);
    }

    boolean isForKey(String fingerprint, String comment) {
        return keys.stream().anyMatch(key -> key.isForKey(fingerprint, comment));
    }

    boolean isForUser(String user) {
        return users.stream().anyMatch(name -> name.matches(user));
    }
}
