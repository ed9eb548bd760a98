package dispatcher.build.log;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ByteString;
import dispatcher.testkit.Await;
import dispatcher.testkit.RecordingLog;
import dispatcher.testkit.UnreadLog;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(60)
@Isolated("counts what all logs of the process hold")
class ClientLogTest {
    private static final String KILOBYTE = "x".repeat(1000);

    private final RecordingLog read = new RecordingLog();
    private final BroadcastLog build = new BroadcastLog();

    private static void fill(BroadcastLog build, int kilobytes) {
        for (int i = 0; i < kilobytes; i++) build.line(ByteString.of(KILOBYTE));
    }

    @Test
    void clientThatReadsLosesNothingOfABurst() throws Exception {
        try (var client = new ClientLog(read)) {
            build.begin();
            build.follow(client);
            var writer = Await.start(() -> {
                for (int i = 0; i < 20_000; i++) build.line(ByteString.of(i + KILOBYTE));
                build.flush();
                return true;
            });
            while (read.lines().size() < 20_000) {
                client.writeNext();
                if (!read.notes().isEmpty()) break;
            }
            Await.result(writer);

            assertThat(read.notes()).isEmpty();
            assertThat(IntStream.range(0, 20_000)
                            .allMatch(i -> read.lines().get(i).equals(i + KILOBYTE)))
                    .isTrue();
        }
    }

    @Test
    @Tag("slow")
    void buildWaitsForAllItsClientsTogetherNoLongerThanItsPatience() {
        var clients = new ArrayList<ClientLog>();
        for (int i = 0; i < 20; i++) {
            var client = new ClientLog(read);
            clients.add(client);
            build.follow(client);
        }
        build.begin();
        long begun = System.nanoTime();
        fill(build, 5000);
        long took = System.nanoTime() - begun;
        clients.forEach(ClientLog::close);

        assertThat(took)
                .isBetween(
                        BroadcastLog.PATIENCE.toNanos() * 9 / 10,
                        BroadcastLog.PATIENCE.multipliedBy(5).toNanos());
    }

    @Test
    void whereTheBuildIsComesThroughWhateverIsLeftOut() {
        try (var client = new ClientLog(read)) {
            build.follow(client);
            build.assigned("a", "it is free");
            fill(build, 3000);
            build.assigned("b", "it is free too");
            fill(build, 3000);
            build.line(ByteString.of("end"));
            client.writeRest();

            assertThat(read.machines()).containsExactly("b");
            assertThat(read.notes()).singleElement().asString().startsWith("dispatcher: ");
            assertThat(read.lines().getLast()).isEqualTo("end");
        }
    }

    @Test
    void manyUnreadLogsTakeNoMoreThanAllMayTogether() {
        long before = LogParts.heldByAll();
        var clients = new ArrayList<ClientLog>();
        for (int i = 0; i < 200; i++) {
            var client = new ClientLog(read);
            clients.add(client);
            var log = new BroadcastLog();
            log.follow(client);
            fill(log, 4000);
        }
        long held = LogParts.heldByAll() - before;
        clients.forEach(ClientLog::close);

        // The first have more than their share until more arrives.
        assertThat(held).isLessThan(5L * LogParts.MOST_BYTES_OF_ALL);
        assertThat(LogParts.heldByAll()).isLessThanOrEqualTo(before);
    }

    @Test
    void whoHasLeftIsNotWaitedForAndKeepsNothing() {
        long before = LogParts.heldByAll();
        var client = new ClientLog(new UnreadLog());
        build.begin();
        build.follow(client);
        client.close();
        fill(build, 5000);

        assertThat(LogParts.heldByAll()).isLessThanOrEqualTo(before);
    }

    @Test
    void interruptedThreadWaitsForNoClientAndStaysInterrupted() {
        try (var client = new ClientLog(read)) {
            build.begin();
            build.follow(client);
            var writer = Await.start(() -> {
                Thread.currentThread().interrupt();
                fill(build, 5000);
                return List.of(Thread.currentThread().isInterrupted());
            });

            assertThat(Await.result(writer)).containsExactly(true);
            client.writeRest();
            assertThat(read.notes()).hasSize(1);
        }
    }
}
