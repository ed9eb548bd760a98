package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildStatus;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Machines;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What plain Nix builds is built, however large its derivation is; what is too large is refused with the reason.
@Timeout(120)
@Tag("slow")
class LargeRequestsTest {
    @TempDir
    private Path spool;

    private TestFleet.Plan plan() {
        return TestFleet.plan(spool);
    }

    private static FakeMachine machine() {
        return new FakeMachine(Machines.machine("a", 1, 1, List.of(), List.of()));
    }

    @ParameterizedTest
    @EnumSource
    void variableOfManyMegabytesIsBuilt(ClientProtocol protocol) throws Exception {
        var machine = machine();
        try (var fleet = plan().start(machine)) {
            var client = fleet.remote(protocol);
            var large = drv("large").with("text", "x".repeat(20 << 20)).with("passAsFile", "text");
            assertThat(client.build(large).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientWhoseRequestIsTooLargeIsToldSoAndOfTheSetting(ClientProtocol protocol) throws Exception {
        try (var fleet = plan().start(machine())) {
            var client = fleet.remote(protocol);
            var large = drv("large").with("text", "x".repeat(70 << 20));
            assertThatThrownBy(() -> client.build(large))
                    .hasMessageContaining("environment value of 73400320 bytes is over the limit of 67108864")
                    .hasMessageContaining("limits.requestSize");
        }
    }
}
