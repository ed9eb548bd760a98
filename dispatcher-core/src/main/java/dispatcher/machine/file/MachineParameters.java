package dispatcher.machine.file;

import dispatcher.machine.Choice;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.RemoteNix;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What stands after the `?` of a machine's store URI. Confined to one thread.
final class MachineParameters {
    private static final String FIELD = "store URI";
    private static final Set<String> OURS =
            Set.of("base64-ssh-public-host-key", "compress", "port", "remote-program", "ssh-key");

    /// Those that change how a client goes about it, and nothing about the machine.
    private static final Set<String> OF_CLIENTS = Set.of(
            "log-fd",
            "max-connection-age",
            "max-connections",
            "path-info-cache-size",
            "priority",
            "system-features",
            "trusted",
            "want-mass-query");

    /// Those that may lead to another store than the machine's own, with the values that do not.
    private static final Map<String, Set<String>> OWN_STORE = Map.of(
            "remote-store", RemoteNix.OWN_STORES,
            "root", Set.of("", "/"),
            "store", Set.of("", "/nix/store"),
            "state", Set.of("", "/nix/var/nix"),
            "real", Set.of("", "/nix/store"));

    private final StoreUri uri;
    private final MachineColumns.Notes notes;

    MachineParameters(StoreUri uri, MachineColumns.Notes notes) {
        this.uri = uri;
        this.notes = notes;
    }

    private Optional<String> get(String name) {
        var all = uri.parameters();
        return all.isEmpty() ? Optional.empty() : Optional.ofNullable(all.get(name));
    }

    Optional<String> keyFile() {
        return get("ssh-key");
    }

    Optional<String> hostKeys() {
        return get("base64-ssh-public-host-key");
    }

    boolean statesPort() {
        return get("port").isPresent() || uri.port().isPresent();
    }

    /// Lix takes it from here.
    int port() throws BadField {
        var text = get("port");
        if (text.isEmpty()) return uri.port().orElse(MachineAddress.SSH_PORT);
        int port = text.get().matches("\\d{1,5}") ? Integer.parseInt(text.get()) : 0;
        if (port < 1 || port > 65_535)
            throw new BadField(FIELD, "port '%s' is no port from 1 to 65535".formatted(text.get()));
        return port;
    }

    /// Nix asks for none by default, which here means that it is decided by what is measured.
    Choice compression() throws BadField {
        return switch (get("compress").orElse("")) {
            case "" -> Choice.AUTO;
            case "true", "yes", "1" -> Choice.YES;
            case "false", "no", "0" -> Choice.NO;
            default -> throw new BadField(FIELD, "compress is neither true nor false");
        };
    }

    List<String> remoteProgram() throws BadField {
        var text = get("remote-program");
        if (text.isEmpty()) return List.of();
        try {
            return RemoteNix.program(text.get());
        } catch (IllegalArgumentException e) {
            throw new BadField(FIELD, "remote-program: " + e.getMessage());
        }
    }

    /// Whether the rest can be left out of account.
    boolean others() throws BadField {
        for (var parameter : uri.parameters().entrySet()) {
            var name = parameter.getKey();
            var own = OWN_STORE.get(name);
            if (own != null && !own.contains(parameter.getValue()))
                throw new BadField(FIELD, name + " leads to another store on the machine than its own");
            if (own == null && !OURS.contains(name) && !OF_CLIENTS.contains(name))
                notes.warning(FIELD, "unknown parameter " + name + " is ignored");
        }
        return true;
    }
}
