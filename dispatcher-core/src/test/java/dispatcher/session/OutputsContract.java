package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildStatus;
import dispatcher.nix.PathInfo;
import dispatcher.store.BuildOptions;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.RecordingLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.junit.jupiter.api.Test;

/// Outputs that cannot be had, or not whole.
interface OutputsContract extends FleetParts {
    @Test
    default void outputThatIsNotWhatItsInfoSaysNeverArrivesWhole() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            var right = a.store().info(x.out());
            a.store().with(right, NarTree.file("#".repeat(outputLength(x, a) + LARGE)));
            var nar = new ByteArrayOutputStream();
            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, nar))
                    .isInstanceOf(IOException.class);

            assertThat((long) nar.size()).isLessThan(right.narSize());
            assertThat(client.awaitEnd()).isEqualTo(1);
            assertThat(fleet.events().all()).contains("failed x a");
        }
    }

    @Test
    default void largeOutputThatIsNotWhatItsInfoSaysNeverArrivesWholeEither() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            var wrong = NarTree.file("#".repeat(300_000));
            var right = a.store().info(x.out());
            a.store().with(right, wrong);
            var nar = new ByteArrayOutputStream();
            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, nar))
                    .isInstanceOf(IOException.class);

            assertThat((long) nar.size()).isLessThan(right.narSize());
        }
    }

    private static int outputLength(TestFleet.Drv drv, FakeMachine machine) {
        return "out of %s, built on %s".formatted(drv.path(), machine.name()).length();
    }

    /// As a thread does that helps to copy, and gets only a list of what to send.
    @Test
    default void forkHandsOutWhatItsSessionFoundWithoutAskingForIt() throws Exception {
        var a = machine("a");
        var tree = NarTree.file("on the host");
        var onHost = FakeStore.info("host-file", tree);
        var host = FakeMachine.named("host", 0);
        host.store().with(onHost, tree);
        try (var fleet = plan().host(host).start(a);
                var session = fleet.session()) {
            var x = drv("x");
            session.buildDerivation(x.path(), x.derivation(), BuildOptions.DEFAULT, new RecordingLog());
            var built = session.queryPathInfo(x.out()).orElseThrow();
            try (var fork = session.paths().fork()) {
                assertThat(nar(fork, built)).isEqualTo(a.store().tree(x.out()).toNar());
                assertThat(nar(fork, onHost)).isEqualTo(tree.toNar());
            }
            assertThat(nar(session.paths(), built))
                    .isEqualTo(a.store().tree(x.out()).toNar());
        }
    }

    private static byte[] nar(SessionPaths paths, PathInfo info) throws Exception {
        var nar = new ByteArrayOutputStream();
        paths.narFromPath(info.path(), Verify.byReceiver(info), nar);
        return nar.toByteArray();
    }

    /// As a machine does whose disk is full, over a protocol in which it pulls what it gets.
    @Test
    default void receiverThatRefusesTheRestOfANarLeavesNoneOfItForTheNextAnswer() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a);
                var session = fleet.session()) {
            var x = drv("x");
            session.buildDerivation(x.path(), x.derivation(), BuildOptions.DEFAULT, new RecordingLog());
            var info = session.queryPathInfo(x.out()).orElseThrow();
            var full = new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    throw new StoreRefusedException("no space left on device");
                }
            };
            assertThatThrownBy(() -> session.paths().narFromPath(info.path(), Verify.byReceiver(info), full))
                    .hasMessageContaining("no space left on device");

            assertThat(session.queryPathInfo(x.out())).contains(info);
            var nar = new ByteArrayOutputStream();
            session.narFromPath(x.out(), Verify.HERE, nar);
            assertThat(nar.size()).isEqualTo((int) info.narSize());
        }
    }

    @Test
    default void outputThatBreaksOffEndsTheConnection() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            a.store().breakingNar(x.out(), 500_000);

            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, new ByteArrayOutputStream()))
                    .isInstanceOf(IOException.class);
            assertThat(client.awaitEnd()).isEqualTo(1);
        }
    }

    @Test
    default void clientThatLeavesInTheMiddleOfAnOutputLeavesNoBrokenConversationBehind() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, new OutputStream() {
                        @Override
                        public void write(int b) throws IOException {
                            client.store().close();
                            throw new IOException("killed");
                        }
                    }))
                    .hasMessage("killed");
            client.leave();
            Await.until("the channel is closed", () -> a.open() == 0);

            assertThat(fleet.failures(a)).isZero();
            assertThat(client(fleet).build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }
}
