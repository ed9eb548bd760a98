package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.ErrorOutput;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.HandshakeFailures;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.worker.WorkerHandshake.Agreed;
import dispatcher.testkit.Await;
import dispatcher.testkit.MemoryConnection;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Both ends of the handshake against each other, in every version that we speak.
class WorkerHandshakeTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final DaemonInfo DAEMON = new DaemonInfo("dispatcher 1.2.3", Trust.NOT_TRUSTED);
    private static final long MARK = 0x1234_5678_9abcL;

    private static IntStream minors() {
        return IntStream.rangeClosed(
                Greeting.WORKER.oldest().minor(), Greeting.WORKER.newest().minor());
    }

    private static WorkerHandshake offering(int minor, Set<WorkerFeature> features) {
        return new WorkerHandshake(new ProtocolVersion(1, minor), features);
    }

    private record BothEnds(Agreed client, Agreed server) {}

    private static BothEnds shakeHands(WorkerHandshake client, WorkerHandshake server) throws IOException {
        try (var connection = new MemoryConnection()) {
            var answering = Await.start(() -> {
                var in = new WireReader(connection.in());
                var out = new WireWriter(connection.out());
                var agreed = server.withClient(DIR, DAEMON, in, out);
                assertThat(in.readLong()).as("what comes after the handshake").isEqualTo(MARK);
                out.writeLong(MARK).flush();
                return agreed;
            });
            var channel = connection.channel();
            var in = new WireReader(channel.in());
            var out = new WireWriter(channel.out());
            var errors = ErrorOutput.start(channel.err(), "arm-3", _ -> {});
            var agreed = client.withServer(new HandshakeFailures(channel, errors, "arm-3"), DIR, in, out);
            out.writeLong(MARK).flush();
            assertThat(in.readLong()).as("what comes after the handshake").isEqualTo(MARK);
            return new BothEnds(agreed, Await.result(answering));
        }
    }

    @TestFactory
    Stream<DynamicTest> bothEndsAgreeOnTheOlderVersionAndKeepStep() {
        return minors().mapToObj(ours -> DynamicTest.dynamicTest("client of 1." + ours, () -> {
            for (int theirs : minors().toArray()) {
                var ends = shakeHands(offering(ours, Set.of()), offering(theirs, Set.of()));
                int minor = Math.min(ours, theirs);
                var codec = new WorkerCodec(DIR, new ProtocolVersion(1, minor));
                assertThat(ends.client().codec()).as("server of 1.%d", theirs).isEqualTo(codec);
                assertThat(ends.server().codec()).as("server of 1.%d", theirs).isEqualTo(codec);
                assertThat(ends.client().messages()).isEqualTo(ends.server().messages());
                assertThat(ends.client().daemon())
                        .isEqualTo(new DaemonInfo(
                                minor >= 33 ? DAEMON.nixVersion() : "", minor >= 35 ? DAEMON.trust() : Trust.UNKNOWN));
            }
        }));
    }

    @TestFactory
    Stream<DynamicTest> bothEndsAgreeOnTheFeaturesThatBothHave() {
        var all = Set.of(WorkerFeature.values());
        var some = Set.of(WorkerFeature.REALISATION_WITH_PATH, WorkerFeature.ADD_TEMP_ROOTS);
        var other = Set.of(WorkerFeature.QUERY_PATH_INFOS, WorkerFeature.ADD_TEMP_ROOTS);
        return Stream.of(
                features(all, all, all),
                features(some, all, some),
                features(some, other, Set.of(WorkerFeature.ADD_TEMP_ROOTS)),
                features(Set.of(), all, Set.of()),
                features(all, Set.of(), Set.of()));
    }

    private static DynamicTest features(
            Set<WorkerFeature> client, Set<WorkerFeature> server, Set<WorkerFeature> common) {
        return DynamicTest.dynamicTest("%s and %s".formatted(client, server), () -> {
            var ends = shakeHands(offering(38, client), offering(38, server));
            assertThat(ends.client().codec().features()).isEqualTo(common);
            assertThat(ends.server().codec().features()).isEqualTo(common);
            var older = shakeHands(offering(37, client), offering(38, server));
            assertThat(older.client().codec().features()).as("before 1.38").isEmpty();
            assertThat(older.server().codec().features()).as("before 1.38").isEmpty();
        });
    }
}
