package dispatcher.store.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.store.conversation.StorePool.Lease;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Samples;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class StorePoolTest {
    private static final StorePath PATH = FakeStore.path("p");
    private static final NarTree TREE = NarTree.file("p");

    private final ManualClock clock = new ManualClock();
    private final List<FakeStore> opened = new ArrayList<>();
    private final StorePool pool = new StorePool(this::open, clock.nanoTime());

    private Store open() {
        var store = new FakeStore().with(FakeStore.info("p", TREE), TREE);
        opened.add(store);
        return store;
    }

    private Lease lease() throws IOException, InterruptedException {
        return pool.lease(lease -> lease.store().queryPathInfo(PATH)).lease();
    }

    private void breakOff(Lease lease) {
        assertThatThrownBy(() ->
                        lease.store().narFromPath(PATH, Verify.HERE, failing(new IOException("receiver is gone"))))
                .hasMessage("receiver is gone");
    }

    private static OutputStream failing(IOException failure) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw failure;
            }
        };
    }

    @Test
    void leasesAreCountedWhileTheyAreHeld() throws Exception {
        assertThat(pool.leasedCount()).isZero();
        var first = lease();
        var second = lease();
        assertThat(pool.leasedCount()).isEqualTo(2);
        first.release();
        assertThat(pool.openCount()).isEqualTo(2);
        assertThat(pool.leasedCount()).as("one is kept for others").isEqualTo(1);
        second.drop();
        assertThat(pool.leasedCount()).isZero();
        var again = lease();
        assertThat(pool.openCount()).isEqualTo(1);
        assertThat(pool.leasedCount()).isEqualTo(1);
        again.release();
    }

    @Test
    void conversationThatIsGivenBackIsUsedAgain() throws Exception {
        var first = lease();
        first.release();
        var second = lease();

        assertThat(opened).hasSize(1);
        assertThat(second.isInDoubt()).isFalse();
    }

    @Test
    void whatConversationsKeepIsKnownToOthersUntilTheyEnd() throws Exception {
        var first = pool.lease(lease -> lease.store().queryValidPaths(List.of(PATH), false))
                .lease();
        var second = lease();
        assertThat(pool.keepsElsewhere(PATH, second)).isTrue();
        assertThat(pool.keepsElsewhere(PATH, first)).as("elsewhere").isFalse();
        assertThat(pool.keepsElsewhere(FakeStore.path("absent"), second)).isFalse();
        first.release();
        assertThat(pool.keepsElsewhere(PATH, second)).as("while it is free").isTrue();
        pool.dropIdle();

        assertThat(pool.keepsElsewhere(PATH, second)).isFalse();
    }

    @Test
    void whatTheStoreSaidToHaveIsNotAskedForAgainInThatConversation() throws Exception {
        var absent = FakeStore.path("absent");
        var first = pool.lease(lease -> lease.store().queryValidPaths(List.of(PATH, absent), false));
        first.lease().release();
        var second = pool.lease(lease -> lease.store().queryValidPaths(List.of(PATH), false));

        assertThat(second.answer()).containsExactly(PATH);
        assertThat(second.lease().isInDoubt()).as("nothing was heard").isTrue();
        assertThat(opened.getFirst().journal()).hasSize(1);
        assertThat(second.lease().store().queryValidPaths(List.of(PATH, absent), false))
                .containsExactly(PATH);
        assertThat(opened.getFirst().journal()).hasSize(2).last().isEqualTo("queryValidPaths [" + absent + "] false");
        assertThat(second.lease().isInDoubt()).isFalse();
    }

    @Test
    void whatWasAddedIsNotAskedFor() throws Exception {
        var added = FakeStore.path("added");
        var lease = lease();
        lease.store().addToStore(List.of(FakeStore.toAdd(FakeStore.info("added", TREE), TREE)));
        int before = opened.getFirst().journal().size();

        assertThat(lease.store().queryValidPaths(List.of(added), false)).containsExactly(added);
        assertThat(opened.getFirst().journal()).hasSize(before);
    }

    @Test
    void aRefusalMakesItAskAgain() throws Exception {
        var lease = lease();
        lease.store().queryValidPaths(List.of(PATH), false);
        opened.getFirst().refusing(PATH, "it has gone");

        assertThatThrownBy(() -> lease.store().queryPathInfo(PATH)).hasMessageContaining("it has gone");
        assertThatThrownBy(() -> lease.store().queryValidPaths(List.of(PATH), false))
                .hasMessageContaining("it has gone");
    }

    @Test
    void twoAtOnceHaveTwoConversations() throws Exception {
        lease();
        lease();

        assertThat(opened).hasSize(2);
    }

    @Test
    void conversationUsedLastGoesFirst() throws Exception {
        var first = lease();
        var second = lease();
        first.release();
        second.release();
        var third = lease();
        third.store().queryAllValidPaths();

        assertThat(opened.get(1).journal()).contains("queryAllValidPaths");
    }

    @Test
    void droppedConversationIsClosedAndNotUsedAgain() throws Exception {
        lease().drop();
        lease();

        assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, false);
    }

    @Test
    void givingBackTwiceDoesNotLendItTwice() throws Exception {
        var first = lease();
        first.release();
        first.release();
        lease();
        lease();

        assertThat(opened).hasSize(2);
    }

    @Test
    void droppingWhatWasGivenBackDoesNotEndItForTheNext() throws Exception {
        var first = lease();
        first.release();
        lease();
        first.drop();

        assertThat(opened.getFirst().isClosed()).isFalse();
    }

    @Nested
    class BrokenOff {
        @Test
        void requestThatBreaksOffEndsTheConversationWhenItIsGivenBack() throws Exception {
            var lease = lease();
            breakOff(lease);
            lease.release();
            lease();

            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, false);
        }

        @Test
        void bugInTheMiddleOfARequestDoesToo() throws Exception {
            var lease = lease();
            assertThatThrownBy(() -> lease.store().addToStore(List.of(new NarToAdd(FakeStore.info("q", TREE), _ -> {
                        throw new IllegalStateException("bug");
                    }))))
                    .hasMessage("bug");
            lease.release();

            assertThat(opened.getFirst().isClosed()).isTrue();
        }

        @Test
        void refusalLeavesItOfUse() throws Exception {
            var lease = lease();
            opened.getFirst().refusing(FakeStore.path("secret"), "no");
            assertThatThrownBy(() -> lease.store().queryPathInfo(FakeStore.path("secret")))
                    .isInstanceOf(StoreRefusedException.class);
            lease.release();
            lease();

            assertThat(opened).hasSize(1);
        }

        @Test
        void refusalByTheReceiverOfANarLeavesTheRestUnread() throws Exception {
            var lease = lease();
            assertThatThrownBy(() -> lease.store()
                            .narFromPath(PATH, Verify.HERE, failing(new StoreRefusedException("receiver says no"))))
                    .isInstanceOf(StoreRefusedException.class);
            lease.release();

            assertThat(opened.getFirst().isClosed()).isTrue();
        }
    }

    @Nested
    class FirstQuestion {
        @Test
        void isAskedAgainInANewConversationIfTheKeptOneDied() throws Exception {
            lease().release();
            lease().release();
            var asked = new ArrayList<Boolean>();
            var answer = pool.lease(lease -> {
                asked.add(lease.isInDoubt());
                if (lease.isInDoubt()) breakingOff(lease);
                return "well";
            });

            assertThat(answer.answer()).isEqualTo("well");
            assertThat(asked).containsExactly(true, false);
            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, false);
        }

        @Test
        void endsAllThatAreFreeIfOneOfThemDied() throws Exception {
            var first = lease();
            lease().release();
            first.release();
            pool.lease(lease -> {
                if (lease.isInDoubt()) breakingOff(lease);
                return "well";
            });

            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, true, false);
        }

        @Test
        void failsIfTheNewConversationBreaksToo() {
            assertThatThrownBy(() -> pool.lease(lease -> {
                        breakingOff(lease);
                        return "";
                    }))
                    .hasMessage("the connection broke");
            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true);
        }

        @Test
        void failureOfASourceIsNotTheConversationsFault() throws Exception {
            lease().release();
            assertThatThrownBy(() -> pool.lease(_ -> {
                        throw new SourceFailedException(List.of(), "the source is empty");
                    }))
                    .isInstanceOf(SourceFailedException.class);
            lease();

            assertThat(opened).hasSize(1);
        }

        @Test
        void refusalIsTheAnswer() throws Exception {
            lease().release();
            assertThatThrownBy(() -> pool.lease(_ -> {
                        throw new StoreRefusedException("no");
                    }))
                    .isInstanceOf(StoreRefusedException.class);

            assertThat(opened).hasSize(1);
        }

        @Test
        void interruptionIsNotTakenForADeadConversation() throws Exception {
            lease().release();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> pool.lease(lease -> {
                        breakingOff(lease);
                        return "";
                    }))
                    .isInstanceOf(InterruptedException.class);

            assertThat(opened).hasSize(1);
        }

        private void breakingOff(Lease lease) throws IOException, InterruptedException {
            lease.store().narFromPath(PATH, Verify.HERE, failing(new IOException("the connection broke")));
        }
    }

    @Nested
    class Limits {
        @Test
        void freeConversationEndsAfterAMinute() throws Exception {
            lease().release();
            clock.advance(Duration.ofSeconds(59));
            pool.prune();
            assertThat(opened.getFirst().isClosed()).isFalse();
            clock.advance(Duration.ofSeconds(1));
            pool.prune();

            assertThat(opened.getFirst().isClosed()).isTrue();
        }

        @Test
        void oneThatWasFreeForTooLongIsNotHandedOut() throws Exception {
            lease().release();
            clock.advance(Duration.ofSeconds(60));
            lease();

            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, false);
        }

        @Test
        void conversationInUseAllTheTimeEndsAfterTenMinutes() throws Exception {
            for (int i = 0; i < 12; i++) {
                lease().release();
                clock.advance(Duration.ofSeconds(55));
            }
            assertThat(opened).hasSize(2);
            assertThat(opened.getFirst().isClosed()).isTrue();
        }

        @Test
        void oldConversationThatIsLentOutIsClosedWhenItComesBack() throws Exception {
            var lease = lease();
            clock.advance(Duration.ofMinutes(10));
            pool.prune();
            assertThat(opened.getFirst().isClosed()).isFalse();
            lease.release();

            assertThat(opened.getFirst().isClosed()).isTrue();
        }
    }

    @Nested
    class WhatItPins {
        private void add(Lease lease, String name) throws Exception {
            lease.store().addToStore(List.of(FakeStore.toAdd(FakeStore.info(name, TREE), TREE)));
        }

        private void build(Lease lease) throws Exception {
            lease.store().buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, BuildLog.NONE);
        }

        @Test
        void conversationEndsAfterSixteenBuilds() throws Exception {
            for (int i = 1; i <= 16; i++) {
                var lease = lease();
                build(lease);
                assertThat(lease.isFull()).as("after %d", i).isEqualTo(i == 16);
                lease.release();
            }

            assertThat(opened).singleElement().extracting(FakeStore::isClosed).isEqualTo(true);
        }

        @Test
        void conversationEndsAfterSoManyBytesThatWereSent() throws Exception {
            pool.keepUpTo(2L * TREE.toNar().length);
            var lease = lease();
            add(lease, "q");
            assertThat(lease.isFull()).isFalse();
            add(lease, "r");
            assertThat(lease.isFull()).isTrue();
            lease.release();

            assertThat(opened.getFirst().isClosed()).isTrue();
        }

        @Test
        void whatWasBuiltCountsOnceItsSizeIsKnown() throws Exception {
            var lease = lease();
            var store = opened.getFirst();
            store.with(FakeStore.info("tool", TREE), TREE)
                    .building((_, _, _, _) -> BuildResult.of(BuildStatus.BUILT, ""));
            pool.keepUpTo(TREE.toNar().length);
            lease.store().queryPathInfo(Samples.OUT);
            assertThat(lease.isFull()).as("what is only asked about").isFalse();
            build(lease);
            assertThat(lease.isFull()).isFalse();
            lease.store().queryPathInfos(List.of(Samples.OUT));

            assertThat(lease.isFull()).isTrue();
        }

        @Test
        void noneIsKeptOnceTheStoreLacksRoomAndSomeAreWhenItHasSome() throws Exception {
            var inUse = lease();
            lease().release();
            pool.keepUpTo(0);
            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(false, true);
            assertThat(inUse.isFull()).isTrue();
            inUse.release();
            lease().release();
            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, true, true);

            pool.keepUpTo(StorePool.MOST_BYTES);
            lease().release();
            lease().release();
            assertThat(opened).hasSize(4);
            assertThat(opened.getLast().isClosed()).isFalse();
        }

        @Test
        void thoseThatPinTooMuchEndAsSoonAsItIsTooMuch() throws Exception {
            var much = lease();
            add(much, "q");
            var little = lease();
            much.release();
            little.release();
            pool.keepUpTo(TREE.toNar().length);

            assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, false);
        }

        @Test
        void newOneIsHadWhileOthersAreFree() throws Exception {
            lease().release();
            pool.leaseNew(lease -> lease.store().queryPathInfo(PATH));

            assertThat(opened).hasSize(2);
        }

        @Test
        void noneIsKeptWhileSomebodyNeedsRoom() throws Exception {
            lease().release();
            var inUse = lease();
            try (var room = pool.room()) {
                lease().release();
                assertThat(opened).extracting(FakeStore::isClosed).as("before").containsExactly(false, false);
                room.make();
                room.make();
                assertThat(opened).extracting(FakeStore::isClosed).containsExactly(false, true);
                inUse.release();
                assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, true);
            }
            lease().release();
            lease().release();
            assertThat(opened).hasSize(3);
        }
    }

    @Test
    void droppingTheFreeOnesLeavesThoseInUse() throws Exception {
        var used = lease();
        lease().release();
        pool.dropIdle();
        assertThat(opened).extracting(FakeStore::isClosed).containsExactly(false, true);
        used.release();

        assertThat(opened.getFirst().isClosed()).isFalse();
    }

    @Test
    void renewalEndsTheFreeOnesAndTheOthersAsTheyComeBack() throws Exception {
        var inUse = lease();
        var free = lease();
        free.release();
        pool.renew();
        assertThat(opened).extracting(FakeStore::isClosed).containsExactly(false, true);

        inUse.release();
        assertThat(opened).extracting(FakeStore::isClosed).containsExactly(true, true);
        lease().release();
        lease().release();
        assertThat(opened).hasSize(3);
    }

    @Test
    void closedPoolEndsAllAsTheyComeBack() throws Exception {
        var used = lease();
        lease().release();
        pool.close();
        assertThat(opened).extracting(FakeStore::isClosed).containsExactly(false, true);
        used.release();

        assertThat(opened.getFirst().isClosed()).isTrue();
    }
}
