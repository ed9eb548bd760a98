package dispatcher.cli.provider;

import dispatcher.machine.OnDemand;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// By what a dispatcher knows the containers that it has made, also after a crash.
///
/// @param owner    the dispatcher: its state directory
/// @param settings differs where containers that are made by the machine's settings differ
record ContainerName(String owner, String machine, String settings) {
    static final String OWNER = "dispatcher.state";
    static final String MACHINE = "dispatcher.machine";

    /// Of the settings that it was made by.
    static final String SETTINGS = "dispatcher.settings";

    private static final int DIGITS = 12;

    static ContainerName of(String owner, String machine, OnDemand.Container settings) {
        return new ContainerName(owner, machine, fingerprint(settings));
    }

    /// Of all containers of the dispatcher.
    Map<String, String> ownerLabel() {
        return Map.of(OWNER, owner);
    }

    /// Of this one.
    Map<String, String> labels() {
        return Map.of(OWNER, owner, MACHINE, machine, SETTINGS, settings);
    }

    /// Shown by the engine. Another dispatcher's machine of the same name has another one, and so has the machine with
    /// other settings.
    String shown() {
        return "dispatcher-%s-%s"
                .formatted(plain(machine), digest(owner + settings).substring(0, DIGITS / 2));
    }

    private static String fingerprint(OnDemand.Container settings) {
        return digest(List.of(
                        settings.image(),
                        settings.command(),
                        settings.environment(),
                        settings.mounts(),
                        settings.cpus(),
                        settings.memory(),
                        settings.platform(),
                        settings.network(),
                        settings.sshPort(),
                        settings.ephemeral(),
                        settings.sandbox())
                .toString());
    }

    /// As a name of a file or a container: what has other characters also gets a part that no other name has.
    static String plain(String name) {
        var plain = name.replaceAll("[^A-Za-z0-9_.-]", "-");
        return plain.equals(name) && !name.startsWith(".")
                ? name
                : "m" + plain + "-" + digest(name).substring(0, DIGITS / 2);
    }

    private static String digest(String text) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
