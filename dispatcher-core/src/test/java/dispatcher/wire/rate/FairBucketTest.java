package dispatcher.wire.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dispatcher.testkit.Seeds;
import dispatcher.wire.rate.FairBucket.Party;
import dispatcher.wire.rate.FairBucket.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FairBucketTest {
    private static final long SECOND = 1_000_000_000;
    private static final long RATE = 1 << 20;

    private final FairBucket bucket = new FairBucket(RATE, 0);
    private final Map<Party, Long> sent = new HashMap<>();
    private long now;

    /// Keeps requests of each party open until then: as many as `streams` says, the i-th of `bytes(i)` bytes.
    private void run(long until, Map<Party, Integer> streams, IntUnaryOperator bytes) {
        Set<Request> open = new LinkedHashSet<>();
        streams.forEach((party, count) -> {
            for (int i = 0; i < count; i++) open.add(bucket.ask(party, bytes.applyAsInt(i)));
        });
        while (true) {
            var granted = bucket.grant(now);
            for (var request : granted) {
                open.remove(request);
                sent.merge(request.party(), (long) request.bytes(), Long::sum);
                open.add(bucket.ask(request.party(), request.bytes()));
            }
            if (granted.isEmpty()) {
                if (now + bucket.due() > until) break;
                now += bucket.due();
            }
        }
        now = until;
        open.forEach(bucket::cancel);
    }

    private long sentTo(Party party) {
        return sent.getOrDefault(party, 0L);
    }

    private long total() {
        return sent.values().stream().mapToLong(Long::longValue).sum();
    }

    @Test
    void theRateIsKept() {
        run(100 * SECOND, Map.of(new Party(), 3), _ -> bucket.step());

        assertThat(total())
                .isLessThanOrEqualTo(100 * RATE + bucket.burst())
                .isGreaterThan(100 * RATE + bucket.burst() - 2L * bucket.step());
    }

    @Test
    void manyStreamsGetNoMoreThanOne() {
        var one = new Party();
        var eight = new Party();
        run(10 * SECOND, Map.of(one, 1, eight, 8), _ -> bucket.step());

        assertThat(sentTo(one)).isBetween(sentTo(eight) - 2L * bucket.step(), sentTo(eight) + 2L * bucket.step());
    }

    @Test
    void smallRequestsGetAsManyBytesAsLargeOnes() {
        var small = new Party();
        var large = new Party();
        bucket.ask(small, 100);
        bucket.ask(large, bucket.step());
        for (int i = 0; i < 10_000; i++) {
            for (var request : bucket.grant(now)) {
                sent.merge(request.party(), (long) request.bytes(), Long::sum);
                bucket.ask(request.party(), request.bytes());
            }
            now += Math.min(bucket.due(), SECOND / 100);
        }

        assertThat(sentTo(small)).isBetween(sentTo(large) - bucket.burst(), sentTo(large) + bucket.burst());
    }

    @Test
    void whatOneDoesNotUseTheOthersGet() {
        var modest = new Party();
        var greedy = new Party();
        var turn = bucket.ask(greedy, bucket.step());
        for (long tick = 0; tick < 1000; tick++) {
            if (tick % 100 == 0) bucket.ask(modest, 1000);
            now = tick * SECOND / 100;
            for (var granted = bucket.grant(now); !granted.isEmpty(); granted = bucket.grant(now)) {
                for (var request : granted) sent.merge(request.party(), (long) request.bytes(), Long::sum);
                if (turn.isGranted()) turn = bucket.ask(greedy, bucket.step());
            }
        }

        assertThat(sentTo(modest)).isEqualTo(10_000);
        assertThat(sentTo(greedy)).isGreaterThan(9 * RATE);
    }

    @Test
    void whoCameLaterDoesNotMakeUpForLostTime() {
        var first = new Party();
        var second = new Party();
        run(100 * SECOND, Map.of(first, 1), _ -> bucket.step());
        sent.clear();
        run(110 * SECOND, Map.of(first, 1, second, 1), _ -> bucket.step());

        assertThat(sentTo(second)).isBetween(4 * RATE, 6 * RATE);
    }

    @Test
    void whoSentAloneIsNotPunishedForIt() {
        var first = new Party();
        var second = new Party();
        run(100 * SECOND, Map.of(first, 1), _ -> bucket.step());
        sent.clear();
        run(110 * SECOND, Map.of(first, 1, second, 8), _ -> bucket.step());

        assertThat(sentTo(first)).isBetween(4 * RATE, 6 * RATE);
    }

    @Test
    void aPauseSavesUpTheBurstAndNoMore() {
        now = 3_000_000_000L * SECOND;
        var party = new Party();
        for (int i = 0; i < 1000; i++) bucket.ask(party, bucket.step());

        assertThat(bucket.grant(now)).hasSize(bucket.burst() / bucket.step());
        assertThat(bucket.due()).isLessThanOrEqualTo(SECOND / 32);
    }

    @Test
    void aRequestThatIsTakenBackLetsTheOthersPass() {
        var party = new Party();
        while (!bucket.ask(party, bucket.step()).isGranted())
            if (bucket.grant(now).isEmpty()) break;
        var next = Objects.requireNonNull(bucket.next());
        var other = new Party();
        var patient = bucket.ask(other, 1);
        bucket.cancel(next);
        now += SECOND;
        bucket.grant(now);

        assertThat(patient.isGranted()).isTrue();
        assertThat(next.isGranted()).isFalse();
        assertThat(bucket.waiting()).isZero();
    }

    @Test
    void extremeRatesAreCounted() {
        for (long rate : new long[] {1, 7, 1000, 10L << 30, Long.MAX_VALUE}) {
            var extreme = new FairBucket(rate, 0);
            var party = new Party();
            long bytes = 0;
            long time = 0;
            for (int i = 0; i < 1000; i++) {
                extreme.ask(party, extreme.step());
                while (extreme.grant(time).isEmpty()) time += Math.max(1, extreme.due());
                bytes += extreme.step();
            }
            assertThat((double) bytes)
                    .as("rate %d", rate)
                    .isLessThanOrEqualTo((double) rate * time / SECOND + extreme.burst());
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new FairBucket(0, 0));
    }

    /// Parties come and go with requests of all sizes, at all times.
    @Test
    void whateverIsAskedTheBoundIsKeptAndAllAreServed() {
        Seeds.run(60, FairBucketTest::property);
    }

    private static void property(RandomGenerator random) {
        long rate = 1L << random.nextInt(34);
        long start = random.nextLong(-SECOND, SECOND);
        var bucket = new FairBucket(rate, start);
        long now = start;
        long bytes = 0;
        List<Party> parties = new ArrayList<>();
        for (int i = random.nextInt(1, 6); i > 0; i--) parties.add(new Party());
        Map<Party, Queue<Request>> open = new HashMap<>();
        for (int i = 0; i < 500; i++) {
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    var party = parties.get(random.nextInt(parties.size()));
                    open.computeIfAbsent(party, _ -> new ArrayDeque<>())
                            .add(bucket.ask(party, random.nextInt(1, bucket.step() + 1)));
                }
                case 2 -> now += random.nextBoolean() ? Math.min(bucket.due(), SECOND) : random.nextLong(SECOND / 100);
                default -> {
                    var party = parties.get(random.nextInt(parties.size()));
                    var last = open.getOrDefault(party, new ArrayDeque<>());
                    if (random.nextInt(8) == 0
                            && !last.isEmpty()
                            && !last.peek().isGranted()) bucket.cancel(last.remove());
                }
            }
            for (var request : bucket.grant(now)) {
                bytes += request.bytes();
                assertThat(open.values().stream().filter(queue -> queue.remove(request)))
                        .as("granted once, in order")
                        .hasSize(1);
            }
            assertThat((double) bytes)
                    .as("after %d ns at %d/s", now - start, rate)
                    .isLessThanOrEqualTo((double) rate * (now - start) / SECOND + bucket.burst());
            assertThat(bucket.waiting())
                    .isEqualTo(open.values().stream().mapToInt(Queue::size).sum());
            if (bucket.waiting() > 0) assertThat(bucket.due()).isPositive();
        }
        for (int left = bucket.waiting(); bucket.waiting() > 0; left--) {
            assertThat(left).as("each wait ends with a grant").isPositive();
            now += bucket.due();
            bucket.grant(now);
        }
    }
}
