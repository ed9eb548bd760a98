package dispatcher.access;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// The client at the other end of a conversation, and what it may do.
///
/// @param name       the comment of the client's key, or the local user; for people
/// @param address    where from, e.g. `10.0.0.3:51234`, or `local`
/// @param local      on this very host, so that it shares the host's Nix store
/// @param credential what it was let in for, the same for each of its connections: the fingerprint of its key, or
///     `user:<name>`; for counting and fairness
/// @param grant      what the settings say of it
/// @param machine    name of the only machine that it wants its builds to go to; any if empty
public record ClientIdentity(
        String name, String address, boolean local, String credential, ClientGrant grant, Optional<String> machine) {
    private static final Pattern HOST_AND_PORT = Pattern.compile("\\[?([0-9A-Fa-f.:%_-]+?)]?:([0-9]{1,5})");

    /// Its numeric address without the port; empty if it did not come by the network.
    public Optional<String> host() {
        var matcher = HOST_AND_PORT.matcher(address);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /// Its name and host, which stay the same from one connection to the next.
    public String origin() {
        return origin(toString());
    }

    /// The same for what [#toString] gives.
    public static String origin(String text) {
        int at = text.lastIndexOf('@');
        var matcher = HOST_AND_PORT.matcher(text.substring(at + 1));
        return matcher.matches() ? text.substring(0, at + 1) + matcher.group(1) : text;
    }

    /// The port that it came from.
    public OptionalInt port() {
        var matcher = HOST_AND_PORT.matcher(address);
        return matcher.matches() ? OptionalInt.of(Integer.parseInt(matcher.group(2))) : OptionalInt.empty();
    }

    /// A client that came by SSH and has shown that it holds a key.
    public static ClientIdentity ofKey(String comment, String address, String fingerprint, ClientGrant grant) {
        return new ClientIdentity(comment, address, false, fingerprint, grant, Optional.empty());
    }

    /// A client on this host.
    public static ClientIdentity ofUser(String user, ClientGrant grant) {
        return new ClientIdentity(user, "local", true, "user:" + user, grant, Optional.empty());
    }

    /// The same client, that wants its builds to go to that machine only.
    public ClientIdentity onMachine(String name) {
        return new ClientIdentity(this.name, address, local, credential, grant, Optional.of(name));
    }

    @Override
    public String toString() {
        return name + "@" + address;
    }
}
