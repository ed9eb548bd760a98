package dispatcher.session;

import static dispatcher.session.FleetParts.failure;
import static dispatcher.session.FleetParts.outputOf;
import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.COLLECTION;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.testkit.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// Conversations with machines that are kept: what they keep from being collected as garbage, and how they begin and
/// end.
interface ConversationsContract extends FleetParts {
    /// The pressure of a machine whose store has this many MB free of 1000.
    private static String free(int megabytes) {
        return FleetParts.sample("""
                @store
                /dev/vda 1000000 %d %d 50%% /nix/store
                """.formatted(1_000_000 - 1000 * megabytes, 1000 * megabytes));
    }

    @Test
    default void conversationsWithAMachinePinWhatFewBuildsMade() throws Exception {
        var a = machine("a", 1, 1);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            for (int i = 0; i < 40; i++) {
                var drv = drv("x" + i);
                assertThat(client.build(drv).isSuccess()).isTrue();
                client.fetch(drv.out());
            }

            Await.until("one conversation", () -> a.open() == 1);
            assertThat(a.pinned()).singleElement().asInstanceOf(COLLECTION).hasSizeLessThanOrEqualTo(16);
            assertThat(a.opened()).isBetween(3, 4);
        }
    }

    @Test
    default void machineThatRunsShortOfDiskKeepsNothingForConversations() throws Exception {
        var a = machine("a").doing(free(50));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());

            Await.until("no conversation is kept", () -> a.open() == 0);
        }
    }

    @Test
    default void machineWithRoomKeepsItsConversations() throws Exception {
        var a = machine("a").doing(free(500));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            for (var name : List.of("x", "y")) {
                assertThat(client.build(drv(name)).isSuccess()).isTrue();
                client.fetch(drv(name).out());
            }

            assertThat(a.opened()).isEqualTo(1);
        }
    }

    @Test
    default void onlyWhatAClientStillWantsIsPinnedOnAMachineThatRunsShortOfDisk() throws Exception {
        var a = machine("a").doing(free(50));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());
            Await.until("it is known to be short", () -> a.open() == 0);
            var y = drv("y", client.upload("input"));

            assertThat(client.build(y).isSuccess()).isTrue();

            Await.until("what pins the input has ended", () -> a.open() == 1);
            assertThat(a.pinned()).containsExactly(Set.of(y.out()));
            assertThat(client.fetch(y.out())).isEqualTo(outputOf(y, a));
        }
    }

    @Test
    default void outputIsHeldByTheConversationThatBuiltItIfNoOtherCanBeHad() throws Exception {
        var a = machine("a").doing(free(50));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());
            Await.until("it is known to be short", () -> a.open() == 0);
            a.building((drvPath, derivation, options, log) -> {
                a.refuse("too many sessions");
                return a.makeOutputs(drvPath, derivation, options, log);
            });

            assertThat(client.build(drv("y")).isSuccess()).isTrue();
            assertThat(client.fetch(drv("y").out())).isEqualTo(outputOf(drv("y"), a));
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    default void fullDiskEndsConversationsThatAreKept() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());
            assertThat(a.open()).isEqualTo(1);
            a.answering(failure(BuildStatus.PERMANENT_FAILURE, "writing to file: No space left on device"));

            assertThat(client.build(drv("y")).isSuccess()).isFalse();

            Await.until("no conversation is kept", () -> a.open() == 0);
        }
    }

    @Test
    default void conversationThatIsKeptDoesNotStandInTheWayOfOneThatBegins() throws Exception {
        var a = machine("a", 2, 1);
        a.answerOneAtATime();
        try (var fleet = plan().handshakeLimit(Duration.ofSeconds(4)).start(a)) {
            var clients = List.of(client(fleet), client(fleet));
            var builds = List.of(clients.get(0).start(drv("x")), clients.get(1).start(drv("y")));
            Await.until("the first answer", () -> builds.stream().anyMatch(CompletableFuture::isDone));
            clients.get(builds.get(0).isDone() ? 0 : 1).leave();

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(fleet.events().starting("lost")).isEmpty();
        }
    }

    @Test
    default void conversationThatIsKeptMakesRoomAsSoonAsMachinesSayThatTheyWaitForIt() throws Exception {
        for (var words : List.of(
                "waiting for exclusive access to the Nix store for ca drvs...",
                "waiting for the big Nix store lock...")) {
            var a = machine("a", 2, 1);
            a.answerOneAtATime(words);
            try (var fleet = plan().handshakeLimit(Duration.ofHours(1)).start(a)) {
                var clients = List.of(client(fleet), client(fleet));
                var builds =
                        List.of(clients.get(0).start(drv("x")), clients.get(1).start(drv("y")));
                Await.until("the first answer", () -> builds.stream().anyMatch(CompletableFuture::isDone));
                clients.get(builds.get(0).isDone() ? 0 : 1).leave();

                assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
                assertThat(fleet.events().starting("lost")).isEmpty();
            }
        }
    }

    @Test
    default void firstConversationWithAMachineComesAlone() throws Exception {
        var a = machine("a", 4, 1).withNewStore();
        try (var fleet = plan().handshakeLimit(Duration.ofHours(1)).start(a)) {
            var builds = new ArrayList<CompletableFuture<BuildResult>>();
            for (var name : List.of("w", "x", "y", "z"))
                builds.add(client(fleet).start(drv(name)));

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(fleet.events().starting("lost")).isEmpty();
        }
    }

    @Test
    default void thoseWhoWaitForTheFirstConversationFailWithIt() throws Exception {
        var a = machine("a", 4, 9);
        var b = machine("b", 4, 1);
        a.staySilent();
        try (var fleet = plan().handshakeLimit(Duration.ofSeconds(2)).start(a, b)) {
            var builds = new ArrayList<CompletableFuture<BuildResult>>();
            for (var name : List.of("w", "x", "y", "z"))
                builds.add(client(fleet).start(drv(name)));
            Await.until("the first greets", () -> a.open() == 1);

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(fleet.events().starting("lost"))
                    .allSatisfy(lost -> assertThat(lost).contains(" a ", "gave no answer"));
        }
    }

    @Test
    default void firstConversationThatItsClientGaveUpIsNoFailureOfOthers() throws Exception {
        var a = machine("a", 2, 1);
        a.staySilentOnce();
        try (var fleet = plan().handshakeLimit(Duration.ofHours(1)).start(a)) {
            var gone = client(fleet);
            var _ = gone.start(drv("x"));
            Await.until("the first greets", () -> a.open() == 1);
            var other = client(fleet).start(drv("y"));
            Await.until("both have begun", () -> fleet.running() == 2);
            gone.leave();

            assertThat(Await.result(other).isSuccess()).isTrue();
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    default void oneSilentConversationWithAMachineThatAnswersOthersIsBegunAgain() throws Exception {
        var a = machine("a", 2, 1);
        var gate = a.holdBuilds();
        try (var fleet = plan().handshakeLimit(Duration.ofSeconds(3)).start(a)) {
            var first = client(fleet).start(drv("x"));
            Await.until("the first builds", () -> !a.built().isEmpty());
            a.staySilentOnce();
            var second = client(fleet).start(drv("y"));
            Await.until("the second builds", () -> a.built().size() == 2);
            gate.open();

            assertThat(List.of(first, second)).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(a.opened()).isEqualTo(3);
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.failures(a)).isZero();
        }
    }
}
