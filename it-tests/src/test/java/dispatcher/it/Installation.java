package dispatcher.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A fleet, a dispatcher before it, and clients that know nothing but the dispatcher: set up as its own
/// commands advise. Confined to one thread.
final class Installation implements AutoCloseable {

    private static final int SSH_PORT = 2222;
    private static final Pattern ADVICE =
            Pattern.compile("^ *Host dispatcher\\n(?: +\\S+ \\S+\\n)+", Pattern.MULTILINE);
    private static final Pattern KNOWN_HOST = Pattern.compile("^ *(dispatcher ssh-\\S+ \\S+)$", Pattern.MULTILINE);

    private final Combination combination;
    private final Fleet fleet;
    private final DispatcherProcess dispatcher;
    private final List<String> builders;
    private final Path sshConfig;
    private final List<NixClient> clients = new ArrayList<>();

    private Installation(Combination combination, Fleet fleet, DispatcherProcess dispatcher) throws Exception {
        this.combination = combination;
        this.fleet = fleet;
        this.dispatcher = dispatcher;
        if (combination.way().remote()) {
            Result advice =
                    dispatcher.buildersCommand("--ssh", sshAddress(fleet)).run().orFail();
            this.builders = fields(advice).stream()
                    .map(field ->
                            field.replaceFirst("^ssh-ng://.*", combination.way().scheme() + "://dispatcher"))
                    .toList();
            this.sshConfig = writeSshConfig(advice);
        } else {
            this.builders = fields(dispatcher.buildersCommand().run().orFail()).stream()
                    .map(field ->
                            field.replaceFirst("^ssh-ng:", combination.way().scheme() + ":"))
                    .toList();
            this.sshConfig = fleet.sshConfig();
        }
    }

    /// Starts two machines with four jobs each, and a dispatcher.
    static Installation start(Combination combination) throws Exception {
        return start(combination, settings -> settings);
    }

    /// The same with other settings.
    static Installation start(Combination combination, UnaryOperator<DispatcherSettings> change) throws Exception {
        Fleet.Builder builder = Fleet.of(2).protocol(combination.machineProtocol());
        combination.machineNix().tree().ifPresent(builder::nix);
        Fleet fleet = builder.start();
        try {
            DispatcherSettings settings = DispatcherSettings.of(fleet)
                    .set("listen", "{socket: %s, ssh: '%s'}".formatted(fleet.socket(), sshAddress(fleet)))
                    .set("authorizedKeys", fleet.key() + ".pub");
            DispatcherProcess dispatcher =
                    DispatcherProcess.start(change.apply(settings).write("installation"), fleet.socket(), "");
            try {
                return new Installation(combination, fleet, dispatcher);
            } catch (Throwable e) {
                dispatcher.close();
                throw e;
            }
        } catch (Throwable e) {
            fleet.close();
            throw e;
        }
    }

    /// Where a dispatcher of this fleet may listen for SSH: no machine has that address.
    static String sshAddress(Fleet fleet) throws IOException {
        return "%s.250:%d".formatted(fleet.facts().get("net"), SSH_PORT);
    }

    private static List<String> fields(Result builders) {
        return List.of(builders.out().strip().split(" "));
    }

    /// What `dispatcher builders --ssh` prints for the client's administrator to write, and the client's key.
    private Path writeSshConfig(Result advice) throws IOException {
        Matcher config = ADVICE.matcher(advice.err());
        Matcher knownHost = KNOWN_HOST.matcher(advice.err());
        if (!config.find() || !knownHost.find()) {
            throw new AssertionError("no lines for ssh_config and known_hosts in: " + advice);
        }
        Path knownHosts =
                Files.writeString(fleet.folder().resolve("known_hosts.dispatcher"), knownHost.group(1) + "\n");
        String text = config.group()
                + "    IdentityFile %s\n    IdentitiesOnly yes\n    UserKnownHostsFile %s\n"
                        .formatted(fleet.key(), knownHosts);
        return Files.writeString(
                fleet.folder().resolve("ssh_config.dispatcher"), text + Files.readString(fleet.sshConfig()));
    }

    Combination combination() {
        return combination;
    }

    Fleet fleet() {
        return fleet;
    }

    DispatcherProcess dispatcher() {
        return dispatcher;
    }

    /// The dispatcher as a store, for `--store`.
    String storeUri() {
        return builders.getFirst();
    }

    /// The client's `builders`.
    String builders() {
        return String.join(" ", builders);
    }

    /// The client's `builders`, claiming that the machines have this system and this feature too.
    String boastfulBuilders(String system, String feature) {
        List<String> fields = new ArrayList<>(builders);
        fields.set(1, fields.get(1) + "," + system);
        fields.set(5, fields.get(5).equals("-") ? feature : fields.get(5) + "," + feature);
        return String.join(" ", fields);
    }

    /// Another client of the combination's kind, with an empty store. It ends with the installation.
    NixClient newClient() throws IOException, InterruptedException {
        NixClient.Builder builder = NixClient.beside(fleet)
                .builders(builders())
                .sshConfig(sshConfig)
                .contentAddressed();
        combination.clientNix().tree().ifPresent(builder::nix);
        if (combination.daemon()) {
            builder.daemon();
        }
        NixClient client = builder.start();
        clients.add(client);
        return client;
    }

    @Override
    public void close() throws IOException {
        try (fleet;
                dispatcher) {
            for (NixClient client : clients) {
                client.close();
            }
        }
    }
}
