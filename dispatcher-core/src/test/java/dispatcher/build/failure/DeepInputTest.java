package dispatcher.build.failure;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.session.TestFleet;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.conversation.GuardedStore;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Inputs with more directories inside each other than newer versions of Nix take.
@Timeout(60)
class DeepInputTest {
    private static final int MOST = 64;
    private static final StorePath DEEP = FakeStore.path("deep");

    @TempDir
    private Path temp;

    /// A file with this many directories around it.
    private static NarTree nested(int directories) {
        var tree = NarTree.file("here");
        for (int i = 0; i < directories; i++) tree = NarTree.directory().with("d", tree);
        return tree;
    }

    /// As Nix 2.34.8 does when it has read to this depth, and names no path.
    private static FakeMachine refusing(String name, double speed, MachineProtocol protocol) {
        var machine = new FakeMachine(Machines.machine(name, 2, speed));
        return (protocol == MachineProtocol.SSH ? machine.overServe() : machine).lying(Refusing::new);
    }

    private static final class Refusing extends GuardedStore {
        Refusing(Store store) {
            super(store);
        }

        @Override
        public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
            for (var path : paths)
                if (path.info().path().equals(DEEP))
                    throw new StoreRefusedException(
                            "bad archive: NAR directory nesting exceeds maximum depth of " + MOST);
            super.addToStore(paths);
        }
    }

    @ParameterizedTest
    @EnumSource
    void inputThatIsTooDeepIsToldByItsPathAndNotHeldAgainstTheMachine(MachineProtocol protocol) throws Exception {
        var machine = refusing("a", 1, protocol);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(machine)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var flat = client.upload("flat", nested(MOST - 1));
            client.upload("deep", nested(MOST));
            var result = client.build(drv("x", flat, DEEP));
            assertThat(result.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
            assertThat(result.message())
                    .isEqualTo(
                            "the input %s of %s has directories nested deeper than the 64 that Nix on machine a takes: this is no fault of the machine; make the path less deep, or pack it into one file"
                                    .formatted(DEEP, drv("x").path()));
            assertThat(fleet.failures(machine)).isZero();
            assertThat(client.build(drv("y", flat)).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    void machineWithAnOlderNixBuildsWithIt() throws Exception {
        var newer = refusing("newer", 2, MachineProtocol.SSH_NG);
        var older = new FakeMachine(Machines.machine("older", 2, 1));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(newer, older)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            client.upload("deep", nested(MOST));
            assertThat(client.build(drv("x", DEEP)).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(older.built()).hasSize(1);
            assertThat(fleet.failures(newer)).isZero();
        }
    }

    /// It says that of some other path then.
    @Test
    void inputThatIsNotFoundIsNotNamed() throws Exception {
        var machine = refusing("a", 1, MachineProtocol.SSH_NG);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(machine)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            client.upload("deep", nested(MOST - 1));
            assertThat(client.build(drv("x", DEEP)).message()).startsWith("an input of " + drv("x").path());
        }
    }
}
