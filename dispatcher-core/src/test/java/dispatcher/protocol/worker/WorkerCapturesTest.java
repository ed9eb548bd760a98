package dispatcher.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.protocol.RunningServer;
import dispatcher.testkit.Capture;
import dispatcher.testkit.Replay;
import dispatcher.testkit.Samples;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// Sessions between real clients and real daemons.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class WorkerCapturesTest {
    private interface Check {
        void run(Capture capture) throws Exception;
    }

    private static Stream<DynamicTest> each(Check check) {
        return Capture.all("worker").stream().map(capture -> dynamicTest(capture.name(), () -> check.run(capture)));
    }

    @TestFactory
    Stream<DynamicTest> areReadAndWrittenAgain() {
        return each(capture -> Replay.requireSame(capture, WorkerReplay::new));
    }

    @TestFactory
    @Tag("slow")
    Stream<DynamicTest> mayBreakOffAnywhere() {
        return each(capture -> Replay.requireCleanEnds(capture, WorkerReplay::new));
    }

    /// Our server takes all that the client said, whatever it answers: it knows none of the paths.
    @TestFactory
    Stream<DynamicTest> areTakenByOurServer() {
        return each(capture -> {
            var store = Samples.store().building((_, _, _, _) -> Samples.FAILED);
            try (var server = RunningServer.worker(store)) {
                var channel = server.channel();
                var replies = Thread.ofVirtual().start(() -> {
                    try {
                        channel.in().readAllBytes();
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
                capture.client().writeTo(channel.out());
                // A client waits for the reply to its build before it goes.
                server.awaitIdle();
                channel.out().close();
                assertThat(server.awaitEnd()).isEmpty();
                replies.join();
            }
        });
    }
}
