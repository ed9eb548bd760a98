package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildStatus;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A client whose key permits `nix-store --serve` without `--write`.
class ReadOnlyStoreTest {
    @TempDir
    private Path temp;

    @Test
    void mayAskAndFetch() throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(FakeMachine.named("a", 1))) {
            var source = fleet.remote(ClientProtocol.WORKER).upload("source");
            var client = fleet.looking();
            assertThat(client.has(source)).isTrue();
            assertThat(client.fetch(source)).isEqualTo(NarTree.file("source"));
        }
    }

    @Test
    void mayNotBuild() throws Exception {
        var machine = FakeMachine.named("a", 1);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(machine)) {
            var client = fleet.looking();
            var result = client.build(drv("x"));
            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("a build is not allowed: your key permits `nix-store --serve` only");
            assertThat(client.has(drv("x").out())).isFalse();
        }
    }

    @Test
    void mayNotUpload() throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(FakeMachine.named("a", 1))) {
            var client = fleet.looking();
            assertThatThrownBy(() -> client.upload("source")).hasMessageContaining("an upload is not allowed");
            assertThat(client.awaitEnd()).isEqualTo(1);
            assertThat(fleet.remote(ClientProtocol.WORKER)
                            .has(FakeStore.info("source", NarTree.file("source"))
                                    .path()))
                    .isFalse();
        }
    }
}
