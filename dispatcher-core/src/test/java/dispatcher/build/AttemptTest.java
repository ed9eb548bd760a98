package dispatcher.build;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dispatcher.build.failure.AttemptLostException;
import dispatcher.build.failure.AttemptLostException.Kind;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.store.SourceFailedException;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import org.junit.jupiter.api.Test;

class AttemptTest {
    private final FakeMachine a = FakeMachine.named("a", 1);

    private static void hasInputs(TestBuilds builds) {
        var tree = NarTree.file("a library");
        var library = FakeStore.info("library", tree);
        builds.store().with(library, tree);
        var source = NarTree.file("a source");
        builds.store().with(FakeStore.info("source", source, library.path()), source);
    }

    @Test
    void copiesTheClosureOfTheInputsThenBuilds() throws Exception {
        try (var builds = new TestBuilds(a)) {
            hasInputs(builds);
            var result = builds.attempt(drv("x", FakeStore.path("source"), FakeStore.path("library")), a);

            assertThat(result.result().status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.received()).containsExactly(FakeStore.path("library"), FakeStore.path("source"));
            assertThat(builds.known().isOn("a", FakeStore.path("library"))).isTrue();
            assertThat(builds.openForks()).isZero();
            result.drop();
        }
    }

    @Test
    void outputsAreKnownToOthersOnceTheResultIsTaken() throws Exception {
        try (var builds = new TestBuilds(a)) {
            var x = drv("x");
            var result = builds.attempt(x, a);
            assertThat(builds.known().isOn("a", x.out())).isFalse();

            var outcome = result.take();

            assertThat(builds.known().isOn("a", x.out())).isTrue();
            assertThat(outcome).isInstanceOfSatisfying(BuildOutcome.Built.class, built -> {
                assertThat(built.outputs().outputs())
                        .singleElement()
                        .satisfies(output -> assertThat(output.info().path()).isEqualTo(x.out()));
                assertThat(built.outputs().machine().link().machine().name()).isEqualTo("a");
            });
            outcome.release();
        }
    }

    @Test
    void outputsStayPinnedUntilTheOutcomeIsReleased() throws Exception {
        try (var builds = new TestBuilds(a)) {
            var x = drv("x");
            var outcome = builds.attempt(x, a).take();

            assertThat(a.pinned()).anyMatch(pinned -> pinned.contains(x.out()));
            outcome.release();
        }
        Await.until("no channel is open", () -> a.open() == 0);
    }

    @Test
    void failureOfTheBuildIsAResultAndNoFaultOfTheMachine() throws Exception {
        a.answering(BuildResult.of(BuildStatus.PERMANENT_FAILURE, "make: *** [all] Error 1"));
        try (var builds = new TestBuilds(a)) {
            var result = builds.attempt(drv("x"), a);

            assertThat(result.take())
                    .isInstanceOf(BuildOutcome.NotBuilt.class)
                    .extracting(BuildOutcome::result)
                    .extracting(BuildResult::status)
                    .isEqualTo(BuildStatus.PERMANENT_FAILURE);
            assertThat(builds.isUp("a")).isTrue();
        }
    }

    @Test
    void machineThatCannotBeReachedLosesTheAttemptAndIsSetAside() {
        a.refuse("connection refused");
        try (var builds = new TestBuilds(a)) {
            assertThatThrownBy(() -> builds.attempt(drv("x"), a))
                    .asInstanceOf(type(AttemptLostException.class))
                    .extracting(AttemptLostException::kind)
                    .isEqualTo(Kind.AWAY);
            assertThat(builds.isUp("a")).isFalse();
        }
    }

    @Test
    void machineThatDiesInTheBuildLosesTheAttempt() {
        a.dyingInBuilds("power failure");
        try (var builds = new TestBuilds(a)) {
            assertThatThrownBy(() -> builds.attempt(drv("x"), a))
                    .asInstanceOf(type(AttemptLostException.class))
                    .extracting(AttemptLostException::kind)
                    .isEqualTo(Kind.BUILDING);
            assertThat(builds.isUp("a")).isFalse();
        }
    }

    @Test
    void inputsThatCannotBeHadAreNoFaultOfTheMachine() {
        try (var builds = new TestBuilds(a)) {
            assertThatThrownBy(() -> builds.attempt(drv("x", FakeStore.path("nowhere")), a))
                    .isInstanceOf(SourceFailedException.class)
                    .hasMessageContaining("nowhere");
            assertThat(builds.isUp("a")).isTrue();
        }
    }
}
