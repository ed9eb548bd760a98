package dispatcher.protocol;

/// Who is at the other end of a conversation.
///
/// @param name    the comment of the client's key, or the local user; for logs and fairness
/// @param address where from, e.g. `10.0.0.3:51234`, or `local`
/// @param local   on this very host, so that it shares the host's Nix store
public record ClientIdentity(String name, String address, boolean local) {
    @Override
    public String toString() {
        return name + "@" + address;
    }
}
