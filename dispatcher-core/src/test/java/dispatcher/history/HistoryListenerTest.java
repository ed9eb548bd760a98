package dispatcher.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HistoryListenerTest {
    private static final String X86 = "x86_64-linux";
    private static final PackageName TOOL = new PackageName("tool");
    private static final StorePath DRV = FakeStore.path("tool-1.0.drv");
    private static final StorePath OUT = FakeStore.path("tool-1.0");
    private static final StorePath DEV = FakeStore.path("tool-1.0-dev");
    private static final BasicDerivation DERIVATION = new BasicDerivation(
            new TreeMap<>(Map.of(
                    "out", new DerivationOutput.InputAddressed(OUT), "dev", new DerivationOutput.InputAddressed(DEV))),
            Set.of(FakeStore.path("libc")),
            X86,
            ByteString.of("/bin/sh"),
            List.of(),
            new TreeMap<>());

    private final ManualClock clock = new ManualClock();
    private final History history = new History(Duration.ofSeconds(30), clock);
    private final HistoryListener listener = new HistoryListener(history, clock.nanoTime());

    @BeforeEach
    void oneMachine() {
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
    }

    private void ended(long build, BuildStatus status) {
        listener.buildEnded(build, DRV, "a", status, "", Duration.ofSeconds(12));
    }

    @Test
    void whatAClientHadBuiltIsLearnedOverItsConnections() {
        for (int i = 1; i <= 5; i++) {
            listener.clientConnected(i, "ci@10.0.0.3:5123" + i);
            listener.buildRequested(i, i, DRV, DERIVATION);
            ended(i, BuildStatus.BUILT);
            listener.clientLeft(i, "ci@10.0.0.3:5123" + i);
        }

        var other = new PackageName("other");
        assertThat(history.expect(other, X86, Optional.of("ci@10.0.0.3")).basis())
                .isEqualTo(Estimate.Basis.CLIENT);
        assertThat(history.expect(other, X86, Optional.of("ci@10.0.0.4")).basis())
                .isEqualTo(Estimate.Basis.SYSTEM);
    }

    @Test
    void aBuildIsLearnedFromItsRequestToItsEnd() {
        listener.buildRequested(1, 1, DRV, DERIVATION);
        listener.memoryMeasured(1, DRV, "a", 500_000_000);
        listener.memoryMeasured(1, DRV, "a", 700_000_000);
        listener.outputsMade(1, DRV, "a", Map.of(OUT, 1000L, DEV, 24L));
        ended(1, BuildStatus.BUILT);
        var known = history.estimate(TOOL, X86).orElseThrow();
        assertThat(known.median()).hasSeconds(12);
        assertThat(known.peakMemory().stream().asDoubleStream().sum()).isCloseTo(7e8, within(1e6));
        assertThat(history.outputBytes(TOOL, X86)).hasValue(1024);
    }

    /// What is there already, or came from a cache, says nothing of what building takes.
    @Test
    void onlyWhatWasBuiltTakesTime() {
        for (var status : BuildStatus.values()) {
            if (status == BuildStatus.BUILT) continue;
            listener.buildRequested(1, 1, DRV, DERIVATION);
            ended(1, status);
        }
        assertThat(history.estimate(TOOL, X86)).isEmpty();
    }

    @Test
    void aBuildThatFailedForLackOfMemoryTellsHowMuchItNeedsAtLeast() {
        listener.buildRequested(1, 1, DRV, DERIVATION);
        listener.memoryMeasured(1, DRV, "a", 1 << 30);
        ended(1, BuildStatus.PERMANENT_FAILURE);
        assertThat(history.packages().getFirst().name()).isEqualTo(TOOL);
        listener.buildRequested(2, 1, DRV, DERIVATION);
        ended(2, BuildStatus.BUILT);
        assertThat(history.estimate(TOOL, X86).orElseThrow().peakMemory()).hasValue(1 << 30);
    }

    @Test
    void copiesTellTheBandwidthOfTheMachine() {
        listener.inputsCopied(1, DRV, "a", 3, 30_000_000, Duration.ofSeconds(2));
        assertThat(history.bandwidth("a")).isEqualTo(15e6);
    }

    @Test
    void whatUsesAnOutputWaitsForTheBuildThatMadeIt() {
        listener.buildRequested(1, 1, DRV, DERIVATION);
        listener.outputsMade(1, DRV, "a", Map.of(OUT, 1000L, DEV, 24L));
        ended(1, BuildStatus.BUILT);
        var user = new BasicDerivation(
                DERIVATION.outputs(), Set.of(DEV), X86, DERIVATION.builder(), List.of(), new TreeMap<>());
        var userDrv = FakeStore.path("user-1.drv");
        listener.buildRequested(2, 2, userDrv, user);
        assertThat(history.remainingPath(TOOL, X86)).hasSeconds(12);
        listener.buildEnded(2, userDrv, "a", BuildStatus.BUILT, "", Duration.ofSeconds(7));
        assertThat(history.remainingPath(TOOL, X86)).hasSeconds(19);
    }

    @Test
    void buildsThatCameToNothingAreForgotten() {
        listener.buildRequested(1, 1, DRV, DERIVATION);
        listener.buildRefused(1, DRV, "no machine");
        listener.buildRequested(2, 1, DRV, DERIVATION);
        listener.buildShared(2, 1, DRV, BuildStatus.BUILT, "");
        listener.buildRequested(3, 1, DRV, DERIVATION);
        listener.buildAbandoned(3, DRV);
        for (int build = 1; build <= 3; build++) ended(build, BuildStatus.BUILT);
        assertThat(history.packages()).isEmpty();
    }
}
