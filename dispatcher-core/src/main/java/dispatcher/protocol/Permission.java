package dispatcher.protocol;

import java.util.Optional;

/// What a client's key permits, as `command=` in OpenSSH's authorized_keys says it.
///
/// @param protocol the only one that it may speak; any if empty
/// @param writes   whether it may upload and build, or only ask and fetch
public record Permission(Optional<ClientProtocol> protocol, boolean writes) {
    public static final Permission ALL = new Permission(Optional.empty(), true);

    /// Why a conversation in a protocol is not allowed, in words for the client; empty if it is allowed.
    public Optional<String> objection(ClientProtocol asked) {
        if (protocol.isEmpty() || protocol.get() == asked) return Optional.empty();
        return Optional.of(
                switch (protocol.get()) {
                    case WORKER ->
                        "your key permits `nix-daemon --stdio` only (its line in authorized_keys says so); use"
                                + " ssh-ng:// in place of ssh://";
                    case SERVE ->
                        "your key permits `nix-store --serve` only (its line in authorized_keys says so); use ssh:// in"
                                + " place of ssh-ng://";
                });
    }
}
