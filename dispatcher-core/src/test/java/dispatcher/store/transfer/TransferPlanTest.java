package dispatcher.store.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TransferPlanTest {
    private static PathInfo info(String name, int bytes, PathInfo... references) {
        var paths = Arrays.stream(references).map(PathInfo::path).toArray(StorePath[]::new);
        return FakeStore.info(name, NarTree.file("x".repeat(bytes)), paths);
    }

    /// Of paths of which each refers to the one before, none but the first may go.
    private static List<PathInfo> chain(int length) {
        var chain = new ArrayList<PathInfo>();
        for (int i = 0; i < length; i++) chain.add(chain.isEmpty() ? info("p0", 1) : info("p" + i, 1, chain.getLast()));
        return chain;
    }

    @Test
    void oneSenderTakesAllAtOnce() throws Exception {
        var chain = chain(1000);
        var shipment = new TransferPlan(chain.reversed(), 1);

        assertThat(shipment.take().paths()).isEqualTo(chain);
    }

    @Test
    void severalTakeNoMoreThanAPartEach() throws Exception {
        var many = new ArrayList<PathInfo>();
        for (int i = 0; i < 3200; i++) many.add(info("p" + i, 1));
        var shipment = new TransferPlan(many, 2);

        assertThat(shipment.take().paths()).hasSize(200);
        assertThat(shipment.take().paths()).hasSize(200);
    }

    @Test
    void largestGoFirst() throws Exception {
        var small = info("small", 1);
        var large = info("large", 1000);
        var shipment = new TransferPlan(List.of(small, large), 2);

        assertThat(shipment.take().paths()).containsExactly(large, small);
    }

    @Test
    void whatRefersToWhatAnotherSendsWaitsForThat() throws Exception {
        var chain = chain(100);
        var shipment = new TransferPlan(chain, 2);
        var first = shipment.take();
        var second = Await.start(shipment::take);

        assertThat(first.paths()).isEqualTo(chain.subList(0, 64));
        shipment.sent(first);
        assertThat(Await.result(second).paths()).isEqualTo(chain.subList(64, 100));
    }

    @Test
    void whatIsGivenBackIsTakenByAnother() throws Exception {
        var chain = chain(10);
        var shipment = new TransferPlan(chain, 2);
        var first = shipment.take();
        var second = Await.start(shipment::take);
        shipment.giveBack(first);

        assertThat(Await.result(second).paths()).isEqualTo(chain);
    }

    @Test
    void thereIsNothingToTakeWhenAllIsThere() throws Exception {
        var shipment = new TransferPlan(chain(10), 2);
        shipment.sent(shipment.take());

        assertThat(shipment.take().isEmpty()).isTrue();
    }

    @Test
    void whoWaitsGoesWithEmptyHandsWhenItEnds() throws Exception {
        var shipment = new TransferPlan(chain(10), 2);
        shipment.take();
        var second = Await.start(shipment::take);
        shipment.end();

        assertThat(Await.result(second).isEmpty()).isTrue();
    }

    @Test
    @Tag("slow")
    void allIsSentOnceAndAfterItsReferencesWhoeverGivesUp() {
        Seeds.run(200, TransferPlanTest::storm);
    }

    private static void storm(RandomGenerator random) {
        var infos = new ArrayList<PathInfo>();
        for (int i = 0; i < 400; i++) {
            var references =
                    infos.stream().filter(_ -> random.nextInt(100) == 0).toArray(PathInfo[]::new);
            infos.add(info("p" + i, random.nextInt(100), references));
        }
        var shipment = new TransferPlan(infos, 3);
        var there = ConcurrentHashMap.<StorePath>newKeySet();
        var senders = new ArrayList<CompletableFuture<Boolean>>();
        for (int i = 0; i < 3; i++) {
            var whims = new SplittableRandom(random.nextLong());
            senders.add(Await.start(() -> send(shipment, there, whims)));
        }
        for (var sender : senders) assertThat(Await.result(sender)).isTrue();

        assertThat(there).hasSize(infos.size());
    }

    private static boolean send(TransferPlan shipment, Set<StorePath> there, RandomGenerator whims) throws Exception {
        while (true) {
            var batch = shipment.take();
            if (batch.isEmpty()) return true;
            if (whims.nextInt(4) == 0) {
                shipment.giveBack(batch);
                continue;
            }
            for (var info : batch.paths()) {
                assertThat(there).containsAll(info.references());
                assertThat(there.add(info.path())).isTrue();
            }
            shipment.sent(batch);
        }
    }
}
