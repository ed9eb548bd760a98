package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.testkit.Await;
import dispatcher.testkit.ManualClock;
import dispatcher.wire.ProtocolException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RequestMemoryTest {
    private static final long MIB = 1 << 20;
    private static final Duration SLOW = Duration.ofMinutes(2);

    private final ManualClock clock = new ManualClock();
    private final RequestMemory memory = new RequestMemory(10 * MIB, 1000, SLOW, clock.nanoTime());

    /// A request that comes until `whole` is open, and then ends.
    private CompletableFuture<Long> request(String client, long bytes, CountDownLatch taken, CountDownLatch whole) {
        return Await.start(() -> {
            var account = memory.open(client);
            try {
                account.begins();
                for (long left = bytes; left > 0; left -= MIB) account.takes(Math.min(left, MIB));
                taken.countDown();
                whole.await();
                return bytes;
            } finally {
                account.ends();
            }
        });
    }

    private static CountDownLatch open() {
        return new CountDownLatch(0);
    }

    @Test
    void smallRequestsNeverWait() throws Exception {
        var whole = new CountDownLatch(1);
        var all = new CountDownLatch(2);
        var large = request("a", 5 * MIB, all, whole);
        var other = request("b", 5 * MIB, all, whole);
        all.await();
        var small = request("c", 1000, open(), open());
        assertThat(Await.result(small)).isEqualTo(1000);
        assertThat(memory.used()).isBetween(9 * MIB, 10 * MIB);
        whole.countDown();
        Await.result(large);
        Await.result(other);
        assertThat(memory.used()).isZero();
    }

    @Test
    void whatDoesNotFitWaitsUntilOthersAreAnswered() throws Exception {
        var whole = new CountDownLatch(1);
        var taken = new CountDownLatch(2);
        var first = request("a", 5 * MIB, taken, whole);
        var second = request("b", 5 * MIB, taken, whole);
        taken.await();
        // The one that has come furthest of those that wait goes on beyond the limit, and the other one waits for it.
        var third = new CountDownLatch(1);
        var beyond = request("c", 3 * MIB, third, whole);
        third.await();
        var fourth = new CountDownLatch(1);
        var waits = request("d", 3 * MIB, fourth, open());
        Await.until("it waits", () -> memory.waiting() == 1);
        assertThat(fourth.getCount()).isEqualTo(1);
        assertThat(memory.used()).isLessThanOrEqualTo(13 * MIB);
        whole.countDown();
        for (var request : List.of(first, second, beyond, waits)) Await.result(request);
        assertThat(memory.used()).isZero();
    }

    @Test
    void oneClientLeavesHalfToTheOthers() throws Exception {
        var whole = new CountDownLatch(1);
        var taken = new CountDownLatch(1);
        var greedy = request("greedy", 5 * MIB, taken, whole);
        taken.await();
        var furthest = new CountDownLatch(1);
        var more = request("greedy", 2 * MIB, furthest, whole);
        furthest.await();
        var third = request("greedy", 2 * MIB, open(), whole);
        Await.until("the client's third request waits", () -> memory.waiting() == 1);
        assertThat(Await.result(request("neighbour", 3 * MIB, open(), open()))).isEqualTo(3 * MIB);
        whole.countDown();
        for (var request : List.of(greedy, more, third)) Await.result(request);
    }

    @Test
    void manyThatWaitForEachOtherAllComeToTheirEnd() throws Exception {
        var most = new AtomicLong();
        var all = new ArrayList<CompletableFuture<Long>>();
        for (int i = 0; i < 40; i++) {
            var client = "client " + i % 3;
            all.add(Await.start(() -> {
                var account = memory.open(client);
                for (int request = 0; request < 5; request++) {
                    account.begins();
                    for (int step = 0; step < 64; step++) account.takes(MIB / 8);
                    most.accumulateAndGet(memory.used(), Math::max);
                    account.ends();
                }
                return 0L;
            }));
        }
        for (var one : all) Await.result(one);
        assertThat(most.get()).isLessThanOrEqualTo(10 * MIB + 9 * MIB);
        assertThat(memory.used()).isZero();
    }

    @Test
    void slowRequestThatOthersWaitForEnds() throws Exception {
        var taken = new CountDownLatch(2);
        var never = new CountDownLatch(1);
        var hoarders = new ArrayList<CompletableFuture<Boolean>>();
        for (var name : List.of("a", "b"))
            hoarders.add(Await.start(() -> {
                var account = memory.open(name);
                try {
                    account.takes(5 * MIB + 1000);
                    taken.countDown();
                    never.await();
                    return true;
                } catch (InterruptedException e) {
                    account.explainInterruption();
                    throw e;
                } finally {
                    account.ends();
                }
            }));
        taken.await();
        clock.advance(SLOW);
        // The first goes on beyond the limit at once; the second waits, and sees that somebody is too slow.
        var beyond = new CountDownLatch(1);
        var until = new CountDownLatch(1);
        var first = request("c", MIB, beyond, until);
        beyond.await();
        assertThat(Await.result(request("d", MIB, open(), open()))).isEqualTo(MIB);
        Await.until("one has ended", () -> hoarders.stream().anyMatch(CompletableFuture::isDone));
        assertThat(hoarders.stream().filter(CompletableFuture::isDone).findFirst())
                .hasValueSatisfying(ended -> assertThatThrownBy(ended::get)
                        .hasCauseInstanceOf(ProtocolException.class)
                        .hasMessageContaining("took longer than 120 s while others waited"));
        until.countDown();
        never.countDown();
        Await.result(first);
    }

    @Test
    void requestThatIsKeptIsNotCutButMayNotTakeWhatThereIsNot() throws Exception {
        var kept = memory.open("a");
        kept.takes(5 * MIB);
        kept.keeps();
        var other = memory.open("b");
        other.takes(5 * MIB);
        other.keeps();
        clock.advance(SLOW.multipliedBy(10));
        var third = memory.open("c");
        third.takes(4 * MIB);
        assertThatThrownBy(third::keeps)
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("no memory for a request of 4194304 bytes now")
                .hasMessageContaining("ask again later");
        third.ends();
        kept.explainInterruption();
        other.explainInterruption();
        kept.ends();
        other.ends();
        assertThat(memory.used()).isZero();
    }

    @Test
    void whoIsInterruptedWhileItWaitsGivesBackWhatItHas() throws Exception {
        var one = memory.open("a");
        one.takes(9 * MIB);
        one.keeps();
        var beyond = new CountDownLatch(1);
        var done = new CountDownLatch(1);
        var furthest = request("b", 3 * MIB, beyond, done);
        beyond.await();
        var failure = new CompletableFuture<Throwable>();
        var waiting = Thread.ofVirtual().start(() -> {
            var account = memory.open("c");
            try {
                account.takes(MIB);
                failure.complete(new AssertionError("it had memory"));
            } catch (Exception e) {
                failure.complete(e);
            } finally {
                account.ends();
            }
        });
        Await.until("it waits", () -> memory.waiting() == 1);
        waiting.interrupt();
        assertThat(Await.result(failure)).isInstanceOf(InterruptedIOException.class);
        assertThat(memory.waiting()).isZero();
        done.countDown();
        Await.result(furthest);
        one.ends();
        assertThat(memory.used()).isZero();
    }
}
