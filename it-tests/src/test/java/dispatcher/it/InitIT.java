package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/// From nothing to the first remote build: a host with stock Nix and stock sshd, a client host with stock Nix, and
/// `dispatcher init`. Then what `doctor` says of both, and the commands by which users look for faults.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InitIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final String SYSTEM = "x86_64-linux";

    private Fleet fleet;
    private NixClient client;
    private @Nullable DispatcherProcess dispatcher;
    private Path settings;
    private Path socket;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).start();
        client = NixClient.beside(fleet)
                .setting("extra-experimental-features = nix-command")
                .start();
        settings = fleet.folder().resolve("init/dispatcher.yaml");
        socket = fleet.folder().resolve("init.sock");
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) dispatcher.close();
        }
    }

    private Command init(Object... more) throws IOException {
        return client.command(
                        Checkout.dispatcher(),
                        "init",
                        "--config",
                        settings,
                        "--state",
                        fleet.folder().resolve("init-state"),
                        "--socket",
                        socket,
                        "--shim",
                        Checkout.shim(fleet.settings()),
                        "--write")
                .with(more);
    }

    @Test
    @Order(1)
    void aKeyThatIsNotLetInLeavesNoSettings() throws Exception {
        Result refused =
                init("root@" + fleet.machine(0).address(), "--accept-host-keys").run();

        assertThat(refused.exit()).as("%s", refused).isEqualTo(1);
        assertThat(refused.err()).contains("key rejected", "authorized_keys", "ssh-ed25519 ");
        assertThat(settings).doesNotExist();
        try (var left = Files.list(settings.getParent())) {
            assertThat(left.map(Path::getFileName).map(Path::toString)).containsExactly("id_ed25519");
        }
    }

    @Test
    @Order(2)
    void fromNothingToTheFirstRemoteBuild() throws Exception {
        long start = System.nanoTime();
        Result set = init(
                        "--copy-id",
                        "root@" + fleet.machine(0).address(),
                        "--identity",
                        fleet.key(),
                        "--accept-host-keys")
                .run()
                .orFail();
        dispatcher = DispatcherProcess.start(settings, socket, "");
        Result built = client.command("nix-build", "--no-out-link", "--max-jobs", 0, Checkout.graph("one"))
                .with("--argstr", "salt", NixClient.newSalt())
                .run()
                .orFail();
        Duration took = Duration.ofNanos(System.nanoTime() - start);

        assertThat(fleet.machine(0).holds(built.out().strip())).as("%s", set).isTrue();
        System.out.printf("from nothing to the first remote build: %d ms%n", took.toMillis());
        assertThat(took).isLessThan(LIMIT);
        assertThat(set.out()).contains("built for " + SYSTEM, "key installed: root@", "nix.conf.before-dispatcher");
    }

    @Test
    @Order(3)
    void settingsThatAreThereAreNotOverwritten() throws Exception {
        String before = Files.readString(settings);

        Result again =
                init("root@" + fleet.machine(0).address(), "--accept-host-keys").run();

        assertThat(again.exit()).isEqualTo(1);
        assertThat(again.err()).contains("there are settings already", "--force");
        assertThat(settings).hasContent(before);
    }

    @Test
    @Order(4)
    void doctorFindsAllWellAndSaysWhereItBuilt() throws Exception {
        Result doctor = client.command(Checkout.dispatcher(), "doctor", "--config", settings)
                .run();

        assertThat(doctor.exit()).as("%s", doctor).isZero();
        assertThat(doctor.out())
                .contains(
                        "Nix on this host",
                        "machine 127.",
                        "ok       running",
                        ", on " + fleet.machine(0).address())
                .containsPattern("ok +build: /nix/store/.*dispatcher-trial")
                .containsPattern("ok +build: for x86_64-linux in \\d+ ms")
                .containsPattern("ok +sshd: .*maxsessions \\d+")
                .contains("warning  min-free");
    }

    @Test
    @Order(6)
    void doctorNamesAMachineThatIsDownAndWhatToChange() throws Exception {
        fleet.machine(0).kill();
        try {
            Result doctor = client.command(
                            Checkout.dispatcher(), "doctor", "--only", "machines", "--json", "--config", settings)
                    .run();

            assertThat(doctor.exit()).as("%s", doctor).isEqualTo(1);
            assertThat(doctor.out()).contains("\"state\":\"fault\"", "\"check\":\"refused\"");
        } finally {
            fleet.machine(0).start();
        }
    }

    private String line(Object... arguments) throws Exception {
        return Objects.requireNonNull(dispatcher).builders(arguments);
    }

    private String expression(String name) {
        return "derivation { name = \"%s-%s\"; system = \"%s\"; builder = \"/bin/sh\"; args = [ \"-c\" \"echo said; echo > $out\" ]; }"
                .formatted(name, NixClient.newSalt(), SYSTEM);
    }

    @Test
    @Order(5)
    void theCommandsOfTroubleshootingWork() throws Exception {
        Result logs = client.command("nix", "build", "--print-build-logs", "--no-link", "--impure")
                .with("--max-jobs", 0, "--system", SYSTEM, "--expr", expression("logs"))
                .run()
                .orFail();
        assertThat(logs.err()).contains("said");

        String uri = line().split(" ")[0];
        client.command("nix", "store", "ping", "--store", uri).run().orFail();

        String name =
                Files.readString(settings).contains("127.") ? fleet.machine(0).address() : "";
        for (String builders : List.of(line("--machine", name))) {
            Result built = client.command("nix", "build", "--no-link", "--impure", "--max-jobs", 0)
                    .with("--builders", builders, "--expr", expression("chosen"))
                    .run();
            assertThat(built.exit()).as("%s", built).isZero();
        }
    }
}
