package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StoreDir;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Signatures in the path infos that clients get.
class SigningTest {
    private static final NixSecretKey KEY =
            NixSecretKey.parse("cache-1:" + Base64.getEncoder().encodeToString(new byte[64]));

    @TempDir
    private Path temp;

    @ParameterizedTest
    @EnumSource(ClientProtocol.class)
    void whatWasBuiltIsSignedAndWhatWasSentIsNot(ClientProtocol protocol) throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).signingKey(KEY).start(FakeMachine.named("a", 1))) {
            var client = fleet.remote(protocol);
            var source = client.upload("source");
            var x = drv("x", source);
            client.build(x);

            var info = client.store().queryPathInfo(x.out()).orElseThrow();
            assertThat(KEY.sign(info, StoreDir.NIX_STORE)).isEqualTo(info);
            assertThat(info.signatures()).singleElement().asString().startsWith("cache-1:");
            assertThat(client.store().queryPathInfo(source).orElseThrow().signatures())
                    .isEmpty();
            client.fetch(x.out());
        }
    }

    @Test
    void nothingIsSignedWithoutAKey() throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(FakeMachine.named("a", 1))) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var x = drv("x");
            client.build(x);
            assertThat(client.store().queryPathInfo(x.out()).orElseThrow().signatures())
                    .isEmpty();
        }
    }
}
