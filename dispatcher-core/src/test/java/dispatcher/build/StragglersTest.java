package dispatcher.build;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.schedule.policy.Work;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.testkit.FakeStore;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StragglersTest {
    private static final Work KNOWN = Work.of(Duration.ofMinutes(2));
    private static final MethodAlgorithm SHA256 = MethodAlgorithm.parseDerivation("r:sha256");

    private final Stragglers stragglers = Stragglers.after(3, Duration.ofMinutes(1));

    private boolean mayBe(DerivationOutput output) {
        return stragglers.mayBe(drv("x").with(output).derivation(), BuildOptions.DEFAULT, KNOWN);
    }

    @Test
    void areBuildsWhoseOutputsFollowFromTheirInputs() {
        var path = FakeStore.path("x");
        var hash = new Hash(HashAlgorithm.SHA256, ByteString.wrap(new byte[32]));
        assertThat(mayBe(new DerivationOutput.InputAddressed(path))).isTrue();
        assertThat(mayBe(new DerivationOutput.Fixed(path, SHA256, hash))).isFalse();
        assertThat(mayBe(new DerivationOutput.Floating(SHA256))).isFalse();
        assertThat(mayBe(new DerivationOutput.Deferred())).isFalse();
        assertThat(mayBe(new DerivationOutput.Impure(SHA256))).isFalse();
    }

    @Test
    void areOnlyBuildsOfWhichItIsKnownWhatTheyTake() {
        var guess = Work.assumed(Duration.ofMinutes(2));
        assertThat(stragglers.mayBe(drv("x").derivation(), BuildOptions.DEFAULT, guess))
                .isFalse();
    }

    @Test
    void areNoBuildsThatCheckOrMend() {
        for (var mode : BuildMode.values())
            assertThat(stragglers.mayBe(drv("x").derivation(), BuildOptions.DEFAULT.withMode(mode), KNOWN))
                    .isEqualTo(mode == BuildMode.NORMAL);
    }

    @Test
    void areNoneIfOff() {
        assertThat(Stragglers.OFF.mayBe(drv("x").derivation(), BuildOptions.DEFAULT, KNOWN))
                .isFalse();
        assertThat(Stragglers.OFF.isFarOver(Duration.ofMillis(1), Duration.ofDays(100)))
                .isFalse();
    }

    @Test
    void haveTakenTheFactorAndAMinuteMoreThanExpected() {
        assertThat(stragglers.isFarOver(Duration.ofMinutes(2), Duration.ofMinutes(6)))
                .isFalse();
        assertThat(stragglers.isFarOver(Duration.ofMinutes(2), Duration.ofSeconds(361)))
                .isTrue();
        assertThat(stragglers.isFarOver(Duration.ofSeconds(1), Duration.ofSeconds(60)))
                .isFalse();
        assertThat(stragglers.isFarOver(Duration.ofSeconds(1), Duration.ofSeconds(61)))
                .isTrue();
        assertThat(stragglers.isFarOver(Duration.ofNanos(Long.MAX_VALUE), Duration.ofNanos(Long.MAX_VALUE)))
                .isFalse();
    }

    @Test
    void needAFactorAboveOne() {
        for (double factor : new double[] {1, 0, -3, Double.NaN})
            assertThatIllegalArgumentException().isThrownBy(() -> Stragglers.after(factor, Stragglers.LEAST));
    }

    @Test
    void areLookedForAsOftenAsItTakesToFindThemInTime() {
        assertThat(Stragglers.after(3, Duration.ofHours(1)).look()).isEqualTo(Duration.ofSeconds(5));
        assertThat(Stragglers.after(3, Duration.ofMinutes(1)).look()).isEqualTo(Duration.ofSeconds(5));
        assertThat(Stragglers.after(3, Duration.ofSeconds(6)).look()).isEqualTo(Duration.ofMillis(500));
        assertThat(Stragglers.after(3, Duration.ofMillis(1)).look()).isEqualTo(Duration.ofMillis(100));
    }
}
