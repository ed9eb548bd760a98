package dispatcher.protocol.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dispatcher.protocol.RunningServer;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.Capture;
import dispatcher.testkit.Replay;
import dispatcher.testkit.Samples;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// Sessions between real clients and real servers.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class ServeCapturesTest {
    private interface Check {
        void run(Capture capture) throws Exception;
    }

    private static Stream<DynamicTest> each(Check check) {
        return Capture.all("serve").stream().map(capture -> dynamicTest(capture.name(), () -> check.run(capture)));
    }

    @TestFactory
    Stream<DynamicTest> areReadAndWrittenAgain() {
        return each(capture -> Replay.requireSame(capture, ServeReplay::new));
    }

    @TestFactory
    @Tag("slow")
    Stream<DynamicTest> mayBreakOffAnywhere() {
        return each(capture -> Replay.requireCleanEnds(capture, ServeReplay::new));
    }

    /// Our server takes all that the client said, up to the first question that it cannot answer with a store
    /// that has none of the paths.
    @TestFactory
    Stream<DynamicTest> areTakenByOurServer() {
        return each(capture -> {
            var store = Samples.store().building((_, _, _, _) -> Samples.FAILED);
            try (var server = RunningServer.serve(store)) {
                var channel = server.channel();
                capture.client().writeTo(channel.out());
                server.awaitIdle();
                channel.out().close();
                server.awaitEnd()
                        .ifPresent(e -> assertThat(e)
                                .isInstanceOf(StoreRefusedException.class)
                                .hasMessageMatching("path '.*' is not (valid|here)"));
            }
        });
    }
}
