package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Honest clients and builds that are rare: a machine of the fleet that is a client itself, builds that have others
/// built, and content-addressed builds between versions of Nix. The second of the two machines is the faster one, and
/// has the newest Nix where that can be had; the first one has the installed Nix.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OddBuildsIT {
    /// A build that waits for itself has not ended by then.
    private static final Duration IN_TIME = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private Fleet fleet;
    private Fleet.Machine old;
    private Fleet.Machine fast;
    private MachineAsClient member;
    private NixClient client;
    private DispatcherProcess dispatcher;

    /// The value of Nix's `builders` that names the dispatcher.
    private String builders = "";

    private final Map<Fleet.Machine, String> only = new HashMap<>();

    @RegisterExtension
    final AfterTestExecutionCallback showLog = context -> {
        if (context.getExecutionException().isPresent())
            System.err.println("the dispatcher's log:\n" + dispatcher.log());
    };

    @BeforeAll
    void start() throws Exception {
        Path conf = Files.writeString(
                folder.resolve("nix.conf"),
                "extra-experimental-features = recursive-nix\nextra-sandbox-paths = /usr /lib /lib64\n");
        fleet = Fleet.of(2)
                .ownNetworks()
                .features("benchmark", "big-parallel", "ca-derivations", "recursive-nix")
                .option("--speed-factors", "1,10")
                .option("--extra-nix-conf", conf.toString())
                .start();
        old = fleet.machine(0);
        fast = fleet.machine(1);
        if (NewestNix.prepared().succeeded()) {
            fast.kill();
            fast.startWith(NewestNix.tree());
        }
        member = new MachineAsClient(fleet, fast);
        Path settings = DispatcherSettings.of(fleet)
                .set("listen", "{socket: %s, ssh: '%s'}".formatted(fleet.socket(), MachineAsClient.SSH))
                .set("authorizedKeys", fleet.key() + ".pub")
                .write("odd");
        dispatcher = DispatcherProcess.start(fleet, settings);
        builders = dispatcher.builders();
        for (var machine : fleet.machines()) only.put(machine, dispatcher.builders("--machine", machine.name()));
        client = newClient(Optional.empty());
    }

    private NixClient newClient(Optional<Path> tree) throws Exception {
        var builder = NixClient.beside(fleet).contentAddressed().timeout(IN_TIME);
        tree.ifPresent(builder::nix);
        return builder.start();
    }

    @AfterAll
    void stop() throws Exception {
        try (var _ = fleet) {
            if (dispatcher != null) dispatcher.close();
        }
    }

    /// The value of Nix's `builders` for builds on one machine only.
    private String only(Fleet.Machine machine) {
        return Objects.requireNonNull(only.get(machine));
    }

    private static String path(Result built) {
        return built.orFail().out().strip();
    }

    // ---- machines of the fleet that are clients

    @Test
    void buildOfAClientThatIsTheBestMachineGoesToAnother() throws Exception {
        var built = member.build(
                MachineAsClient.builders(),
                MachineAsClient.derivation("echo %s > $out".formatted(NixClient.newSalt())));

        assertThat(old.holds(path(built))).as(built.err()).isTrue();
        assertThat(built.took()).isLessThan(IN_TIME);
    }

    @Test
    void buildOfAClientThatIsTheOnlyMachineForItFailsWithTheReason() throws Exception {
        var built = member.build(
                MachineAsClient.builders(fast),
                MachineAsClient.derivation("echo %s > $out".formatted(NixClient.newSalt())));

        assertThat(built.succeeded()).isFalse();
        assertThat(built.err()).contains("asks for it on this very machine");
        assertThat(built.took()).isLessThan(IN_TIME);
        assertThat(dispatcher.log()).doesNotContain("machine set aside");
    }

    /// Nix passes on what it is to build only if it has the derivation's file, and is new.
    @Test
    @NeedsNewestNix
    void machineThatHasTheDispatcherAmongItsBuildersDoesNotWaitForItself() throws Exception {
        fast.run("sh", "-c", "echo 'builders = %s' >>/etc/nix/nix.conf".formatted(MachineAsClient.builders()))
                .orFail();
        fast.processes("--stdio").forEach(ProcessHandle::destroyForcibly);
        try {
            var elsewhere = buildOf(sharedDerivation(), builders);
            assertThat(old.holds(path(elsewhere))).as(elsewhere.err()).isTrue();

            var nowhere = buildOf(sharedDerivation(), only(fast));
            assertThat(nowhere.succeeded()).isFalse();
            assertThat(nowhere.err()).contains("has this dispatcher among the builders of its own nix.conf");
            assertThat(dispatcher.log()).doesNotContain("machine set aside");
        } finally {
            fast.run("sed", "-i", "/^builders/d", "/etc/nix/nix.conf").orFail();
            fast.processes("--stdio").forEach(ProcessHandle::destroyForcibly);
        }
        assertThat(fast.holds(path(buildOf(sharedDerivation(), only(fast))))).isTrue();
    }

    /// The expression of a derivation whose file the fast machine has.
    private String sharedDerivation() throws Exception {
        var expression = MachineAsClient.derivation("echo %s > $out".formatted(NixClient.newSalt()));
        fast.run("env", "NIX_REMOTE=daemon", "nix-instantiate", "--expr", expression)
                .orFail();
        return expression;
    }

    private Result buildOf(String expression, String where) throws Exception {
        return client.command("nix-build", "--no-out-link", "--max-jobs", 0, "--expr", expression)
                .with("--builders", where)
                .run();
    }

    // ---- builds that have others built

    @Test
    void whatABuildHadBuiltCanBeCopiedAndThenTheBuildSucceeds() throws Exception {
        requireMadeInBuild(old);
    }

    @Test
    @NeedsNewestNix
    void whatABuildHadBuiltByTheNewestNixCanBeCopiedToo() throws Exception {
        requireMadeInBuild(fast);
    }

    private void requireMadeInBuild(Fleet.Machine machine) throws Exception {
        var salt = NixClient.newSalt();
        var command = client.buildCommand("recursive", "salt", salt).with("--builders", only(machine));
        var first = command.run();
        assertThat(first.err())
                .contains("refer to 1 paths that were made in mid-build (recursive-nix)")
                .as("stock Nix copies outputs only")
                .containsPattern("path '/nix/store/[a-z0-9]{32}-inner' is not valid");

        var derivation = client.run("nix-instantiate", Checkout.graph("recursive"), "--argstr", "salt", salt);
        var output = path(client.run("nix-store", "--query", "--outputs", path(derivation)));
        client.command("nix", "copy", "--no-check-sigs", "--from", builders.split(" ")[0], output)
                .run()
                .orFail();

        assertThat(path(command.run())).isEqualTo(output);
        var inner = Files.readString(client.outside(output)).strip();
        assertThat(client.outside(inner)).hasContent("inner " + salt);
        assertThat(dispatcher.log()).doesNotContain("machine set aside");
    }

    // ---- content-addressed builds between versions

    @Test
    @NeedsNewestNix
    void contentAddressedBuildsWorkBetweenTheInstalledAndTheNewestNix() throws Exception {
        requireContentAddressed(client, fast);
        try (var newest = newClient(Optional.of(NewestNix.tree()))) {
            requireContentAddressed(newest, old);
        }
    }

    @Test
    @NeedsNewerNix
    void contentAddressedBuildsOfANewerClientWorkOnBothMachines() throws Exception {
        try (var newer = newClient(Optional.of(NewerNix.tree()))) {
            for (var machine : List.of(old, fast)) requireContentAddressed(newer, machine);
        }
    }

    private void requireContentAddressed(NixClient from, Fleet.Machine machine) throws Exception {
        var content = NixClient.newSalt();
        var built = path(from.buildCommand("floating-ca", "content", content)
                .with("--builders", only(machine))
                .run());

        var lines = Files.readAllLines(from.outside(built));
        assertThat(lines).hasSize(2).startsWith(content);
        assertThat(from.outside(lines.getLast())).hasContent(content);
        assertThat(machine.holds(built)).isTrue();

        // Another derivation with the same result leads to the same path.
        assertThat(path(from.buildCommand("floating-ca", "content", content)
                        .with("--builders", only(machine))
                        .run()))
                .isEqualTo(built);
        from.run("nix-store", "--verify", "--check-contents").orFail();
    }
}
