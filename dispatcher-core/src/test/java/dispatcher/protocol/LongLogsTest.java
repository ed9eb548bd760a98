package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ByteString;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Store;
import dispatcher.testkit.RecordedLog;
import dispatcher.testkit.Samples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// However much a build says, a machine's client takes it, and passes on its beginning and its end.
@Timeout(120)
@Tag("slow")
class LongLogsTest {
    private static final int LENGTH = 20 << 20;

    enum Protocol {
        WORKER,
        SERVE
    }

    private interface Check {
        void run(Store client) throws IOException, InterruptedException;
    }

    private static void with(Protocol protocol, dispatcher.testkit.FakeStore store, Check check) throws Exception {
        try (var server = protocol == Protocol.WORKER ? RunningServer.worker(store) : RunningServer.serve(store);
                Store client = protocol == Protocol.WORKER
                        ? new WorkerClient(server.channel(), StoreDir.NIX_STORE, "a")
                        : new ServeClient(server.channel(), StoreDir.NIX_STORE, "a")) {
            check.run(client);
        }
    }

    private static byte[] marked(String begin, String end) {
        var bytes = new byte[LENGTH];
        Arrays.fill(bytes, (byte) 'x');
        System.arraycopy(begin.getBytes(StandardCharsets.UTF_8), 0, bytes, 0, begin.length());
        System.arraycopy(end.getBytes(StandardCharsets.UTF_8), 0, bytes, LENGTH - end.length(), end.length());
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void lineWithoutEndComesInPiecesAfterAWordOfThat(Protocol protocol) throws Exception {
        var store = Samples.store();
        store.building((_, _, _, log) -> {
            log.line(ByteString.of("before"));
            log.line(ByteString.wrap(marked("begin", "end")));
            log.line(ByteString.of("after"));
            return Samples.FAILED;
        });
        with(protocol, store, client -> {
            var log = new RecordedLog();
            var result = client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, log);
            assertThat(result.message()).isEqualTo(Samples.FAILED.message());
            var entries = log.entries();
            assertThat(entries.getFirst()).isEqualTo("line before");
            assertThat(entries.get(1))
                    .startsWith("note dispatcher: the next line of the log has ")
                    .contains(protocol == Protocol.WORKER ? "has 20971520 bytes" : "has more than 1048576 bytes");
            assertThat(entries.get(2).substring(0, 13)).isEqualTo("line beginxxx");
            assertThat(entries.get(entries.size() - 2).endsWith("xxxend")).isTrue();
            assertThat(entries.getLast()).isEqualTo("line after");
            var pieces = entries.subList(2, entries.size() - 1);
            assertThat(pieces).allMatch(piece -> piece.length() < 1_100_000);
            assertThat(pieces.stream()
                            .mapToInt(piece -> piece.length() - "line ".length())
                            .sum())
                    .isEqualTo(LENGTH);
        });
    }

    /// As a client's log does, that waits for its client a little.
    @ParameterizedTest
    @EnumSource
    void logThatIsTakenSlowlyIsTakenToItsEnd(Protocol protocol) throws Exception {
        var store = Samples.store();
        store.building((_, _, _, log) -> {
            for (int i = 0; i < 40_000; i++)
                log.line(ByteString.of("line %d of the log that is to arrive".formatted(i)));
            log.line(ByteString.of("last words"));
            return Samples.FAILED;
        });
        with(protocol, store, client -> {
            var log = new SlowLog();
            client.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, log);
            assertThat(log.lines).isEqualTo(40_001);
            assertThat(log.last).isEqualTo("last words");
        });
    }

    /// Stands still once for longer than the wait for the end of a log once was.
    private static final class SlowLog implements BuildLog {
        private int lines;
        private String last = "";

        @Override
        public void note(String text) {}

        @Override
        public void assigned(String machine, String reason) {}

        @Override
        public void phase(String phase) {}

        @Override
        public void line(ByteString line) {
            if (lines == 39_500) LockSupport.parkNanos(1_500_000_000L);
            lines++;
            last = line.toString();
        }

        @Override
        public void flush() {}
    }
}
