package dispatcher.cli.doctor;

import dispatcher.cli.ping.Deadline;
import dispatcher.machine.Machine;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Store;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// A build of a second or less that needs nothing but `/bin/sh`: `echo` into its output.
public final class TrialBuild {
    static final String NAME = "dispatcher-trial";
    private static final String DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";
    private static final List<String> COMMON =
            List.of("x86_64-linux", "aarch64-linux", "aarch64-darwin", "x86_64-darwin");
    private static final StoreDir STORE_DIR = StoreDir.NIX_STORE;

    private TrialBuild() {}

    /// Of the systems that something builds for, the one that it is most likely itself.
    ///
    /// @param systems not empty
    public static String likeliest(Collection<String> systems) {
        return COMMON.stream()
                .filter(systems::contains)
                .findFirst()
                .orElseGet(() -> systems.iterator().next());
    }

    /// Builds on a machine itself, without a dispatcher. The output, some bytes, is left there as garbage.
    ///
    /// @param limit for all of it
    /// @throws IOException if the machine cannot be reached, or does not answer in time
    public static BuildResult on(Machine machine, Transport transport, Duration limit)
            throws IOException, InterruptedException {
        var name = "trial-" + digits();
        try (var clock = new Deadline(limit, "trial");
                var channel = transport.open(machine.command())) {
            clock.cuts(channel);
            try (var store = store(machine, channel)) {
                return store.buildDerivation(
                        StorePath.of(digits(), name + ".drv"),
                        derivation(machine, name),
                        BuildOptions.DEFAULT,
                        BuildLog.NONE);
            } catch (IOException e) {
                if (clock.hasPassed()) throw new IOException("no result within %d s".formatted(limit.toSeconds()), e);
                throw e;
            }
        }
    }

    private static Store store(Machine machine, CommandChannel channel) throws IOException {
        return switch (machine.protocol()) {
            case SSH_NG, LOCAL -> {
                var client = new WorkerClient(channel, STORE_DIR, machine.name());
                client.buildHere();
                yield client;
            }
            case SSH -> new ServeClient(channel, STORE_DIR, machine.name());
        };
    }

    private static BasicDerivation derivation(Machine machine, String name) {
        var output = StorePath.of(digits(), name);
        var environment = new TreeMap<>(Map.of(
                ByteString.of("name"), ByteString.of(name),
                ByteString.of("out"), ByteString.of(STORE_DIR.print(output))));
        if (!machine.mandatoryFeatures().isEmpty())
            environment.put(
                    ByteString.of("requiredSystemFeatures"),
                    ByteString.of(String.join(" ", machine.mandatoryFeatures())));
        return new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(output))),
                Set.of(),
                likeliest(machine.systems()),
                ByteString.of("/bin/sh"),
                List.of(ByteString.of("-c"), ByteString.of("echo built > $out")),
                environment);
    }

    /// The same for Nix itself, which no store has yet.
    ///
    /// @param name of the derivation
    public static String expression(String name, String system) {
        return "derivation { name = \"%s\"; system = \"%s\"; builder = \"/bin/sh\"; args = [ \"-c\" \"echo built > $out\" ]; }"
                .formatted(name, system);
    }

    /// A name that no build had before.
    static String newName() {
        return NAME + "-" + digits().substring(0, 12);
    }

    private static String digits() {
        var random = RandomGenerator.getDefault();
        var digits = new StringBuilder();
        while (digits.length() < StorePath.HASH_DIGITS) digits.append(DIGITS.charAt(random.nextInt(DIGITS.length())));
        return digits.toString();
    }
}
