package dispatcher.store.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.spool.SpoolIndex.Evicted;
import dispatcher.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SpoolIndexTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_000_000);
    private final SpoolIndex index = new SpoolIndex(SpoolLimits.of(1000));
    private final SpoolOwner client = index.enter("client");
    private final NarInfoFile a = info("a", "a", 400);
    private final NarInfoFile b = info("b", "b", 300);
    private final NarInfoFile c = info("c", "c", 200);

    private static NarInfoFile info(String name, String content, long size, StorePath... references) {
        return new NarInfoFile(
                PathInfo.of(
                        Upload.path(name),
                        Upload.hash(content.getBytes(StandardCharsets.UTF_8)),
                        size,
                        List.of(references)),
                7);
    }

    private void put(NarInfoFile... infos) {
        for (var info : infos) index.put(info, NOW, client);
    }

    private static List<StorePath> paths(List<Evicted> evicted) {
        return evicted.stream().map(Evicted::path).toList();
    }

    @Test
    void theOneUsedLongestAgoGoesFirst() {
        put(a, b, c);
        index.touch(a.info().path(), NOW);
        assertThat(paths(index.reserve(500, client)))
                .containsExactly(b.info().path(), c.info().path());
        assertThat(index.paths()).containsExactly(a.info().path());
    }

    @Test
    void aClockThatIsSetMakesNothingLookLongUnused() {
        put(a, b, c);
        var path = a.info().path();
        for (var set : List.of(Duration.ofDays(-400), Duration.ofDays(400))) {
            assertThat(index.touch(path, NOW.plus(set)))
                    .as("written down after %s", set)
                    .isTrue();
            assertThat(index.touch(path, NOW.plus(set)))
                    .as("and once is enough")
                    .isFalse();
        }
        assertThat(paths(index.reserve(500, client)))
                .containsExactly(b.info().path(), c.info().path());
    }

    @Test
    void nothingGoesWhileThereIsRoom() {
        put(a, b, c);
        assertThat(index.reserve(100, client)).isEmpty();
        assertThat(paths(index.reserve(1, client))).containsExactly(a.info().path());
    }

    @Test
    void pinnedOnesStay() {
        put(a, b, c);
        index.pin(a.info().path());
        assertThat(paths(index.reserve(500, client)))
                .containsExactly(b.info().path(), c.info().path());
        assertThat(index.canReserve(101, client)).isFalse();
        assertThat(index.canReserve(100, client)).isTrue();
    }

    @Test
    void whatIsPinnedTwiceIsUnpinnedTwice() {
        put(a);
        index.pin(a.info().path());
        index.pin(a.info().path());
        index.unpin(a.info().path());
        assertThat(index.shrinkTo(0)).isEmpty();
        index.unpin(a.info().path());
        assertThat(paths(index.shrinkTo(0))).containsExactly(a.info().path());
    }

    @Test
    void unpinningIsAUse() {
        put(a, b);
        index.pin(a.info().path());
        index.unpin(a.info().path());
        assertThat(paths(index.shrinkTo(400))).containsExactly(b.info().path());
    }

    @Test
    void aPinCoversAPathThatComesLater() {
        index.pin(a.info().path());
        put(a);
        assertThat(index.shrinkTo(0)).isEmpty();
        assertThat(index.status().pinnedBytes()).isEqualTo(400);
    }

    @Test
    void equalNarsCountOnceAndGoWithTheirLastPath() {
        put(a, info("a2", "a", 400));
        assertThat(index.status().bytes()).isEqualTo(400);
        assertThat(index.shrinkTo(399)).extracting(Evicted::last).containsExactly(false, true);
        assertThat(index.status().bytes()).isZero();
    }

    @Test
    void aHeldNarOutlivesItsPaths() {
        put(a);
        var nar = index.hold(a.info().narHash());
        index.shrinkTo(0);
        assertThat(index.paths()).isEmpty();
        assertThat(index.hasNar(a.info().narHash())).isTrue();
        assertThat(index.release(nar)).isTrue();
        assertThat(index.hasNar(a.info().narHash())).isFalse();
        assertThat(index.status()).isEqualTo(new SpoolStatus(0, 0, 0, 1000));
    }

    @Test
    void aDamagedNarTakesAllItsPathsAlongEvenPinnedOnes() {
        put(a, info("a2", "a", 400), b);
        index.pin(a.info().path());
        var nar = index.nar(a.info().path());
        assertThat(nar).isNotNull();
        assertThat(paths(index.removeAllWith(nar)))
                .containsExactlyInAnyOrder(a.info().path(), Upload.path("a2"));
        put(a);
        assertThat(index.removeAllWith(nar)).as("another NAR by then").isEmpty();
        assertThat(index.status().pinnedBytes()).isEqualTo(400);
    }

    @Test
    void aUseIsToBeSavedAtMostOnceAMinute() {
        put(a);
        assertThat(index.touch(a.info().path(), NOW.plusSeconds(59))).isFalse();
        assertThat(index.touch(a.info().path(), NOW.plusSeconds(60))).isTrue();
        assertThat(index.touch(a.info().path(), NOW.plusSeconds(119))).isFalse();
        assertThat(index.touch(b.info().path(), NOW.plusSeconds(200))).isFalse();
    }

    @Test
    void referencesOutliveThePathsThatTheyName() {
        var user = info("user", "user", 10, a.info().path(), Upload.path("user"));
        put(a, user);
        index.touch(user.info().path(), NOW);
        index.shrinkTo(10);
        assertThat(index.contains(a.info().path())).isFalse();
        assertThat(index.info(user.info().path())).contains(user.info());
    }

    @Test
    void sizesAddUpWhateverHappens() {
        Seeds.run(20, SpoolIndexTest::doAnything);
    }

    private static void doAnything(RandomGenerator random) {
        var index = new SpoolIndex(SpoolLimits.of(150));
        var client = index.enter("client");
        Map<StorePath, Integer> pins = new HashMap<>();
        long reserved = 0;
        for (int step = 0; step < 1000; step++) {
            int which = random.nextInt(30);
            var info = info("p" + which, "n" + which / 2, 10 + which / 2);
            var path = info.info().path();
            switch (random.nextInt(6)) {
                case 0 -> {
                    if (!index.contains(path)) index.put(info, NOW, client);
                }
                case 1 -> {
                    index.pin(path);
                    pins.merge(path, 1, Integer::sum);
                }
                case 2, 3 -> {
                    if (pins.getOrDefault(path, 0) > 0) {
                        index.unpin(path);
                        pins.merge(path, -1, Integer::sum);
                    }
                }
                case 4 -> {
                    if (index.canReserve(which, client)) {
                        assertThat(paths(index.reserve(which, client))).allMatch(p -> pins.getOrDefault(p, 0) == 0);
                        reserved += which;
                        assertThat(index.status().bytes() + reserved).isLessThanOrEqualTo(150);
                    } else {
                        index.unreserve(reserved, client);
                        reserved = 0;
                    }
                }
                default -> {
                    var gone = paths(index.shrinkTo(random.nextInt(200)));
                    assertThat(gone).allMatch(p -> pins.getOrDefault(p, 0) == 0);
                }
            }
            assertThat(index.status()).isEqualTo(recount(index, pins));
        }
    }

    private static SpoolStatus recount(SpoolIndex index, Map<StorePath, Integer> pins) {
        Map<NarHash, Long> all = new HashMap<>();
        Map<NarHash, Long> pinned = new HashMap<>();
        for (var path : index.paths()) {
            var info = index.info(path).orElseThrow();
            all.put(info.narHash(), info.narSize());
            if (pins.getOrDefault(path, 0) > 0) pinned.put(info.narHash(), info.narSize());
        }
        return new SpoolStatus(index.paths().size(), sum(all), sum(pinned), 150);
    }

    private static long sum(Map<NarHash, Long> sizes) {
        return sizes.values().stream().mapToLong(Long::longValue).sum();
    }
}
