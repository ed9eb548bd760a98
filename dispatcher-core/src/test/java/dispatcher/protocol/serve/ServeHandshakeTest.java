package dispatcher.protocol.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.ErrorOutput;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.HandshakeFailures;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.testkit.Await;
import dispatcher.testkit.MemoryConnection;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Both ends of the handshake against each other, in every version that we speak.
class ServeHandshakeTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final long MARK = 0x1234_5678_9abcL;

    private static IntStream minors() {
        return IntStream.rangeClosed(
                Greeting.SERVE.oldest().minor(), Greeting.SERVE.newest().minor());
    }

    @TestFactory
    Stream<DynamicTest> bothEndsAgreeOnTheOlderVersionAndKeepStep() {
        return minors().boxed()
                .flatMap(client -> minors().mapToObj(server -> DynamicTest.dynamicTest(
                        "client of 2.%d, server of 2.%d".formatted(client, server), () -> shakeHands(client, server))));
    }

    private static void shakeHands(int client, int server) throws Exception {
        var expected = new ServeCodec(DIR, new ProtocolVersion(2, Math.min(client, server)));
        try (var connection = new MemoryConnection()) {
            var answering = Await.start(() -> {
                var in = new WireReader(connection.in());
                var out = new WireWriter(connection.out());
                var codec = ServeCodec.withClient(DIR, in, out, new ProtocolVersion(2, server));
                assertThat(in.readLong()).as("what comes after the handshake").isEqualTo(MARK);
                out.writeLong(MARK).flush();
                return codec;
            });
            var channel = connection.channel();
            var in = new WireReader(channel.in());
            var out = new WireWriter(channel.out());
            var errors = ErrorOutput.start(channel.err(), "arm-3", _ -> {});
            var farEnd = new HandshakeFailures(channel, errors, "arm-3");
            assertThat(ServeCodec.withServer(farEnd, DIR, in, out, new ProtocolVersion(2, client)))
                    .isEqualTo(expected);
            out.writeLong(MARK).flush();
            assertThat(in.readLong()).as("what comes after the handshake").isEqualTo(MARK);
            assertThat(Await.result(answering)).isEqualTo(expected);
        }
    }
}
