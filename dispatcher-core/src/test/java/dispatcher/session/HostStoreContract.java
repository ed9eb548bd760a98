package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildStatus;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import org.junit.jupiter.api.Test;

/// Inputs in the store of the dispatcher's host.
interface HostStoreContract extends FleetParts {
    @Test
    default void localClientsInputsAreReadFromTheHostsStore() throws Exception {
        var a = machine("a");
        var host = FakeMachine.named("host", 0);
        var tree = NarTree.file("libc");
        host.store().with(FakeStore.info("libc", tree), tree);
        try (var fleet = plan().host(host).start(a)) {
            var client = fleet.local(protocol());
            var libc = FakeStore.path("libc");
            assertThat(client.has(libc)).isTrue();
            assertThat(client.build(drv("x", libc)).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(a.store().tree(libc)).isEqualTo(tree);
            assertThat(client.fetch(libc)).isEqualTo(tree);
        }
    }

    /// The machine finds that out first, and cannot know whose fault it is.
    @Test
    default void spoiltPathOfTheHostsStoreIsFoundOutWhenAMachineHasRefusedIt() throws Exception {
        var host = FakeMachine.named("host", 0);
        host.store().with(FakeStore.info("libc", NarTree.file("libc")), NarTree.file("lib!"));
        try (var fleet = plan().host(host).start(machine("a"), machine("b"))) {
            var result = fleet.local(protocol()).build(drv("x", FakeStore.path("libc")));

            assertThat(result.isSuccess()).isFalse();
            assertThat(result.message()).contains("cannot read input").contains("its path info says");
        }
    }

    @Test
    default void remoteClientDoesNotSeeTheHostsStore() throws Exception {
        var host = FakeMachine.named("host", 0);
        var tree = NarTree.file("libc");
        host.store().with(FakeStore.info("libc", tree), tree);
        try (var fleet = plan().host(host).start(machine("a"))) {
            assertThat(fleet.remote(protocol()).has(FakeStore.path("libc"))).isFalse();
            assertThat(host.opened()).isZero();
        }
    }

    @Test
    default void hostStoreThatDoesNotAnswerIsDoneWithout() throws Exception {
        var a = machine("a");
        var host = FakeMachine.named("host", 0);
        host.die("the daemon is off");
        try (var fleet = plan().host(host).start(a)) {
            var client = fleet.local(protocol());
            assertThat(client.has(FakeStore.path("libc"))).isFalse();
            var libc = client.upload("libc");

            assertThat(client.build(drv("x", libc)).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("host failed")).hasSize(1);
        }
    }

    @Test
    default void hostStoreThatWasRestartedIsAskedAgain() throws Exception {
        var host = FakeMachine.named("host", 0);
        var tree = NarTree.file("libc");
        host.store().with(FakeStore.info("libc", tree), tree);
        try (var fleet = plan().host(host).start(machine("a"))) {
            var client = fleet.local(protocol());
            assertThat(client.has(FakeStore.path("libc"))).isTrue();
            host.restart();

            assertThat(client.has(FakeStore.path("libc"))).isTrue();
            assertThat(fleet.events().starting("host failed")).isEmpty();
        }
    }
}
