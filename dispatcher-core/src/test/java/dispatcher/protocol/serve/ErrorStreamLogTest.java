package dispatcher.protocol.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ByteString;
import dispatcher.wire.Untaken;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ErrorStreamLogTest {
    private static final ByteString LINE = ByteString.of("x".repeat(1023));

    private final ManualClock clock = new ManualClock();

    private static final class ManualClock implements ErrorStreamLog.Clock {
        private long nanos;
        private Runnable tick = () -> {};

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public void sleep(Duration time) {
            nanos += time.toNanos();
            tick.run();
        }
    }

    /// What was written and not read.
    private static final class Reader extends OutputStream implements Untaken {
        private long untaken;

        @Override
        public void write(int b) {
            untaken++;
        }

        @Override
        public long untaken() {
            return untaken;
        }

        void read(long bytes) {
            untaken = Math.max(0, untaken - bytes);
        }
    }

    private static void write(ErrorStreamLog log, int kilobytes) {
        for (int i = 0; i < kilobytes; i++) log.line(LINE);
        log.flush();
    }

    private Duration waited(ErrorStreamLog log) throws InterruptedException {
        long begun = clock.nanos;
        log.awaitTaken();
        return Duration.ofNanos(clock.nanos - begun);
    }

    @Test
    void resultWaitsUntilTheClientHasTakenTheWholeLog() throws Exception {
        var reader = new Reader();
        var log = new ErrorStreamLog(reader, clock);
        // 100 KiB a second.
        clock.tick = () -> reader.read(1024);

        write(log, 1024);

        assertThat(waited(log)).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(14));
        assertThat(reader.untaken).isZero();
    }

    @Test
    void resultIsNotHeldBackByAClientThatReadsNothing() throws Exception {
        var log = new ErrorStreamLog(new Reader(), clock);

        write(log, 1024);

        assertThat(waited(log)).isBetween(ErrorStreamLog.MOST_SILENCE, ErrorStreamLog.MOST_SILENCE.plusSeconds(2));
    }

    @Test
    void resultIsNotHeldBackForEverByAClientThatReadsLittle() throws Exception {
        var reader = new Reader();
        var log = new ErrorStreamLog(reader, clock);
        clock.tick = () -> reader.read(1);

        write(log, 1024);

        assertThat(waited(log)).isBetween(ErrorStreamLog.MOST_WAIT, ErrorStreamLog.MOST_WAIT.plusSeconds(10));
    }

    @Test
    void resultWaitsForWhatProgramsBetweenHoldOfABurst() throws Exception {
        var log = new ErrorStreamLog(new ByteArrayOutputStream(), clock);

        write(log, 128);

        assertThat(waited(log)).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void resultDoesNotWaitForALogThatWasReadLongAgo() throws Exception {
        var log = new ErrorStreamLog(new ByteArrayOutputStream(), clock);

        write(log, 1024);
        clock.sleep(Duration.ofSeconds(2));
        write(log, 1);

        assertThat(waited(log)).isZero();
    }

    @Test
    void resultWaitsLongerForAReaderThatWritingHasShownToBeSlow() throws Exception {
        var slow = new ByteArrayOutputStream() {
            @Override
            public void flush() {
                // 32 KiB at a time.
                clock.nanos += Duration.ofMillis(500).toNanos();
            }
        };
        var log = new ErrorStreamLog(slow, clock);

        write(log, 1024);

        assertThat(waited(log)).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(5));
    }

    @Test
    void linesAndPhasesComeAsNixReadsThem() throws Exception {
        var err = new ByteArrayOutputStream();
        var log = new ErrorStreamLog(err, clock);

        log.line(ByteString.of("one"));
        log.phase("buildPhase");
        log.flush();

        assertThat(err.toString(UTF_8)).isEqualTo("one\n@nix {\"action\":\"setPhase\",\"phase\":\"buildPhase\"}\n");
    }
}
