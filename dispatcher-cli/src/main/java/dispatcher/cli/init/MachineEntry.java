package dispatcher.cli.init;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.file.StoreUri;
import dispatcher.nix.NixSyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// A machine as the settings are to have it.
///
/// @param keys by name, in the order in which they are to stand; values as JSON has them
record MachineEntry(Map<String, Object> keys) {
    private static final Pattern KEY = Pattern.compile("[A-Za-z]{1,40}");

    MachineEntry {
        keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    }

    /// @param address `[USER@]HOST[:PORT]`, perhaps with the protocol before it
    static MachineEntry of(String address) {
        StoreUri uri;
        try {
            uri = StoreUri.parse(address.contains("://") ? address : "ssh-ng://" + address);
        } catch (NixSyntaxException e) {
            throw new UserFacingException(
                    "cannot use the machine " + address,
                    String.valueOf(e.getMessage()),
                    "name it as [USER@]HOST[:PORT]",
                    e);
        }
        var keys = new LinkedHashMap<String, Object>();
        keys.put("hostName", uri.host());
        int port = uri.port().orElse(MachineAddress.SSH_PORT);
        if (port != MachineAddress.SSH_PORT) keys.put("port", port);
        keys.put("protocol", uri.protocol().scheme());
        uri.user().ifPresent(user -> keys.put("sshUser", user));
        return new MachineEntry(keys);
    }

    String host() {
        return String.valueOf(keys.get("hostName"));
    }

    int port() {
        return keys.get("port") instanceof Integer port ? port : MachineAddress.SSH_PORT;
    }

    Optional<String> user() {
        return Optional.ofNullable(keys.get("sshUser")).map(Object::toString);
    }

    /// Whether both mean the same sshd.
    boolean isSameHost(MachineEntry other) {
        return host().equals(other.host()) && port() == other.port();
    }

    boolean hasHostKey() {
        return keys.containsKey("publicHostKey");
    }

    MachineEntry withHostKey(String key) {
        return with("publicHostKey", key);
    }

    /// With this key, unless it names one.
    MachineEntry withSshKey(Path file) {
        return keys.containsKey("sshKey") ? this : with("sshKey", file.toString());
    }

    private MachineEntry with(String key, Object value) {
        var more = new LinkedHashMap<>(keys);
        more.put(key, value);
        return new MachineEntry(more);
    }

    /// An item of a YAML list. Values are JSON, which is YAML too.
    String yaml() {
        var yaml = new StringBuilder();
        keys.forEach((key, value) -> {
            if (!KEY.matcher(key).matches())
                throw new UserFacingException(
                        "cannot use the machine " + host(),
                        "'%s' is no key of a machine".formatted(key),
                        "take it out; the keys are in docs/SETTINGS.md");
            yaml.append(yaml.isEmpty() ? "  - " : "    ")
                    .append(key)
                    .append(": ")
                    .append(new String(ApiJson.print(value), StandardCharsets.UTF_8))
                    .append('\n');
        });
        return yaml.toString();
    }
}
