package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Real machines that cannot do what the dispatcher's settings send them, and builds that no machine can do. The first
/// of the two machines is the one that builds should go to.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UnfitMachinesIT {
    private static final String NO_JOBS =
            "sed -i 's/^max-jobs.*//' /etc/nix/nix.conf; echo 'max-jobs = 0' >>/etc/nix/nix.conf";
    private static final String JOBS = "sed -i 's/^max-jobs.*/max-jobs = 4/' /etc/nix/nix.conf";

    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(2).option("--speed-factors", "10,1").start();
        client = NixClient.beside(fleet).start();
        dispatcher = DispatcherProcess.start(fleet);
    }

    @AfterAll
    void stop() throws Exception {
        try (var _ = fleet) {
            if (dispatcher != null) dispatcher.close();
        }
    }

    private Result build(String graph, String... arguments) throws Exception {
        return client.buildCommand(graph, arguments)
                .with("--builders", dispatcher.builders())
                .run();
    }

    private void configure(Fleet.Machine machine, String script) throws Exception {
        machine.run("sh", "-c", script).orFail();
    }

    /// Those that are kept have the settings from before.
    private static void endConversations(Fleet.Machine machine) throws Exception {
        machine.processes("--stdio").forEach(ProcessHandle::destroyForcibly);
    }

    private Result machines() throws Exception {
        return Command.of(Checkout.dispatcher(), "machines", "--json", "--config", fleet.settings())
                .run()
                .orFail();
    }

    @Test
    void machineWithoutJobsFailsNoBuildAndIsUsedAgainOnceItsSettingsAreMended() throws Exception {
        var fast = fleet.machine(0);
        configure(fast, NO_JOBS);
        endConversations(fast);
        for (int i = 0; i < 8; i++) build("one").orFail();
        assertThat(dispatcher.log()).contains("machine refuses builds", "max-jobs in its nix.conf");
        assertThat(machines().out()).contains("\"refuses\":[{\"need\":\"builds\"");

        configure(fleet.machine(1), NO_JOBS);
        endConversations(fleet.machine(1));
        Result none = build("one");
        assertThat(none.succeeded()).isFalse();
        assertThat(none.err())
                .contains(
                        fast.name() + ": it refuses that by max-jobs in its nix.conf",
                        fleet.machine(1).name() + ": ");

        for (var machine : fleet.machines()) configure(machine, JOBS);
        build("one").orFail();
    }

    @Test
    void fixedOutputThatRefersToStorePathsFailsAlone() throws Exception {
        var others = new ArrayList<Result>();
        for (var mode : List.of("recursive", "flat")) {
            Result result = build("fixed-reference", "mode", mode);
            assertThat(result.succeeded()).isFalse();
            assertThat(result.err()).as(mode).containsPattern("refers? to store paths");
            others.add(build("one"));
        }
        for (var other : others) other.orFail();
        assertThat(dispatcher.log()).doesNotContain("machine set aside");
    }
}
