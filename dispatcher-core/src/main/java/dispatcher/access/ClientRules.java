package dispatcher.access;

import java.util.List;

/// All rules for clients; the first that names a client counts. Immutable.
///
/// @param others what clients have that no rule names
public record ClientRules(List<ClientRule> rules, ClientGrant others) {
    /// Every client that is let in may do everything.
    public static final ClientRules NONE = new ClientRules(List.of());

    /// With rules for some clients; all others may do everything.
    public ClientRules(List<ClientRule> rules) {
        this(rules, ClientGrant.DEFAULT);
    }

    public ClientRules {
        rules = List.copyOf(rules);
    }

    /// What a client has that came by SSH.
    ///
    /// @param fingerprint of its key, `SHA256:…`
    /// @param comment     of its key, in the file of authorised keys
    public ClientGrant ofKey(String fingerprint, String comment) {
        return rules.stream()
                .filter(rule -> rule.isForKey(fingerprint, comment))
                .findFirst()
                .map(ClientRule::grant)
                .orElse(others);
    }

    /// What a client has that is on this host.
    public ClientGrant ofUser(String user) {
        return rules.stream()
                .filter(rule -> rule.isForUser(user))
                .findFirst()
                .map(ClientRule::grant)
                .orElse(others);
    }
}
