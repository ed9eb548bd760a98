package dispatcher.build.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.failure.AttemptLostException.Kind;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.testkit.FakeStore;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AttemptHistoryTest {
    private static final BuildResult KILLED =
            BuildResult.of(BuildStatus.PERMANENT_FAILURE, "builder for 'x.drv' failed due to signal 9 (Killed)");

    private final AttemptHistory losses = new AttemptHistory(FakeStore.path("x.drv"), 3);

    private static AttemptLostException away() {
        return new AttemptLostException(Kind.AWAY, "connection refused");
    }

    private static AttemptLostException lost() {
        return new AttemptLostException(Kind.BUILDING, "connection reset");
    }

    @Test
    void aMachineThatCouldNotBeReachedIsAsGoodAsAnyWhenItIsBack() {
        losses.add("a", away(), 1);

        assertThat(losses.excluded(Set.of("a", "b"))).isEmpty();
    }

    @Test
    void butNotForEver() {
        for (int i = 0; i < 3; i++) losses.add("a", away(), 1);

        assertThat(losses.excluded(Set.of("a", "b"))).containsExactly("a");
        assertThat(losses.exhausted()).as("it has not begun anywhere").isFalse();
    }

    @Test
    void aMachineLostInMidBuildIsAvoidedAsLongAsThereIsAnother() {
        losses.add("a", lost(), 1);

        assertThat(losses.excluded(Set.of("a", "b"))).containsExactly("a");
        assertThat(losses.excluded(Set.of("a"))).isEmpty();
    }

    @Test
    void aBuildThatTookDownThreeMachinesIsNotTriedOnAFourth() {
        for (var machine : new String[] {"a", "b", "c"}) losses.add(machine, lost(), 1);

        assertThat(losses.exhausted()).isTrue();
        assertThat(losses.verdict().status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
        assertThat(losses.verdict().message()).contains("it may be what takes them down", "a: ", "b: ", "c: ");
    }

    @Test
    void aMachineThatBreaksWithoutItAsWellIsNotHeldAgainstIt() {
        for (var machine : new String[] {"a", "b", "c"}) losses.add(machine, lost(), 2);
        assertThat(losses.exhausted()).isFalse();

        losses.add("a", lost(), 2);
        losses.add("b", lost(), 2);
        assertThat(losses.exhausted()).as("a and b broke with it only").isFalse();
        losses.add("d", lost(), 1);
        assertThat(losses.exhausted()).isTrue();
    }

    @Test
    void butNotWithoutEnd() {
        for (int i = 1; i < 9; i++) losses.add("m" + i, lost(), 5);
        assertThat(losses.exhausted()).isFalse();

        losses.add("m9", lost(), 5);
        assertThat(losses.exhausted()).isTrue();
    }

    @Test
    void aBuildThatLackedMemoryGoesToNoMachineThatIsNoLarger() {
        losses.add("a", new AttemptLostException(Kind.OUT_OF_MEMORY, KILLED), 1);
        losses.ruleOut(Set.of("a", "small"));

        assertThat(losses.excluded(Set.of("a", "small", "large"))).containsExactlyInAnyOrder("a", "small");
        assertThat(losses.excluded(Set.of("small"))).containsExactlyInAnyOrder("a", "small");
        assertThat(losses.exhausted()).isFalse();
    }

    @Test
    void andIsNotTriedAThirdTime() {
        losses.add("a", new AttemptLostException(Kind.OUT_OF_MEMORY, KILLED), 1);
        losses.add("large", new AttemptLostException(Kind.OUT_OF_MEMORY, KILLED), 1);

        assertThat(losses.exhausted()).isTrue();
        assertThat(losses.verdict().status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
        assertThat(losses.verdict().message()).contains("was killed on a, large", "a machine with more of it may do");
    }

    @Test
    void aBuildThatWasKilledNobodyKnowsWhyGoesToOneMoreMachine() {
        losses.add("a", new AttemptLostException(Kind.KILLED_UNEXPLAINED, KILLED), 1);
        assertThat(losses.excluded(Set.of("a", "b"))).containsExactly("a");
        assertThat(losses.exhausted()).isFalse();

        losses.add("b", new AttemptLostException(Kind.OUT_OF_MEMORY, KILLED), 1);
        assertThat(losses.exhausted()).isTrue();
        assertThat(losses.verdict().status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
        assertThat(losses.verdict().message()).contains("was killed on a, b", "a machine with more of it may do");
    }

    @Test
    void andThatItHadEnoughMemoryOnOneOfThemIsTold() {
        losses.add("a", new AttemptLostException(Kind.KILLED_UNEXPLAINED, KILLED), 1);
        losses.add("b", new AttemptLostException(Kind.KILLED, KILLED), 1);

        assertThat(losses.verdict().status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
        assertThat(losses.verdict().message())
                .contains("signal 9", "was killed on a, b, and not everywhere for lack of memory")
                .doesNotContain("no fault of the build");
    }

    @Test
    void whatIsKilledEverywhereWithEnoughMemoryIsToBlameItself() {
        losses.add("a", new AttemptLostException(Kind.KILLED, KILLED), 1);
        assertThat(losses.exhausted()).isFalse();
        losses.add("b", new AttemptLostException(Kind.KILLED, KILLED), 1);

        assertThat(losses.exhausted()).isTrue();
        assertThat(losses.verdict()).isEqualTo(KILLED);
    }

    @Test
    void aFixedOutputThatDidNotComeOutOnTwoMachinesIsTheBuildsOwnFault() {
        losses.add(
                "a", new AttemptLostException(Kind.CLAIMED, "it says that it built x, and that is not valid there"), 0);
        assertThat(losses.exhausted()).isFalse();
        assertThat(losses.excluded(Set.of("a", "b"))).containsExactly("a");

        losses.add("b", new AttemptLostException(Kind.NO_FIXED_OUTPUT, "it built x, which refers to y"), 0);

        assertThat(losses.exhausted()).isTrue();
        assertThat(losses.verdict().status()).isEqualTo(BuildStatus.OUTPUT_REJECTED);
        assertThat(losses.verdict().message())
                .contains(
                        "a fixed output must not refer to store paths",
                        "machine a: it says that it built x, and that is not valid there",
                        "machine b: it built x, which refers to y");
    }

    @Test
    void aMachineWhoseNixEndedUnderAFixedOutputIsAvoidedAndMayBeUsedAgain() {
        losses.add("a", new AttemptLostException(Kind.ENDED, "its Nix ended in mid-build"), 0);

        assertThat(losses.excluded(Set.of("a", "b"))).containsExactly("a");
        assertThat(losses.excluded(Set.of("a"))).isEmpty();
        assertThat(losses.verdict().status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
    }
}
