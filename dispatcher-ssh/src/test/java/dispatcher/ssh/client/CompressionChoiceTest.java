package dispatcher.ssh.client;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Choice;
import dispatcher.ssh.LinkWatch;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// With a clock that the test moves.
class CompressionChoiceTest {
    private static final int PACKET = 32 * 1024;
    private static final long SECOND = 1_000_000_000;

    private final AtomicLong clock = new AtomicLong(-5);
    private final AtomicInteger changes = new AtomicInteger();
    private long answerNanos = CompressionChoice.QUEUED;

    private CompressionChoice choice(Choice setting) {
        return new CompressionChoice(
                "m", setting, clock::get, changes::incrementAndGet, () -> clock.addAndGet(answerNanos), Runnable::run);
    }

    /// Uploads on a link that takes `rate` bytes per second and is always waited for.
    private void upload(LinkWatch watch, long rate, long bytes) {
        for (long done = 0; done < bytes; done += PACKET) {
            watch.prepared(PACKET, 0);
            watch.waits();
            clock.addAndGet(PACKET * SECOND / rate);
            watch.left(PACKET);
            watch.waited();
        }
    }

    /// Uploads that the CPU compresses at `rate`, with a link that takes them at once.
    private void compress(LinkWatch watch, long rate, long bytes) {
        for (long done = 0; done < bytes; done += PACKET) {
            clock.addAndGet(PACKET * SECOND / rate);
            watch.prepared(PACKET, PACKET * SECOND / rate);
            watch.left(PACKET);
        }
    }

    @Test
    void aSlowLinkIsCompressed() {
        var choice = choice(Choice.AUTO);
        assertThat(choice.compress()).isFalse();
        upload(choice.watch(false), 3_000_000, CompressionChoice.SAMPLE_BYTES);

        assertThat(choice.compress()).isTrue();
        assertThat(changes).hasValue(1);
    }

    @Test
    void aVerySlowLinkDoesNotTakeLongToProve() {
        var choice = choice(Choice.AUTO);
        upload(choice.watch(false), 300_000, CompressionChoice.SAMPLE_BYTES / 7);

        assertThat(choice.compress()).isTrue();
        assertThat(clock.get()).isLessThan(5 * SECOND);
    }

    @Test
    void aFastLinkIsNot() {
        var choice = choice(Choice.AUTO);
        upload(choice.watch(false), 20_000_000, 1 << 30);
        compress(choice.watch(false), 20_000_000, 1 << 30);

        assertThat(choice.compress()).isFalse();
        assertThat(changes).hasValue(0);
    }

    @Test
    void aLinkThatBecomesSlowIsNoticed() {
        var choice = choice(Choice.AUTO);
        upload(choice.watch(false), 200_000_000, 1 << 30);
        upload(choice.watch(false), 5_000_000, 32 << 20);

        assertThat(choice.compress()).isTrue();
    }

    /// Eight channels get an eighth each of a link that is fast enough for all of them.
    @Test
    void channelsThatShareAFastLinkDoNotMakeItSlow() {
        var choice = choice(Choice.AUTO);
        var watch = choice.watch(false);
        for (int i = 0; i < 8; i++) watch.waits();
        for (int i = 0; i < 10_000; i++) {
            clock.addAndGet(PACKET * SECOND / 40_000_000);
            watch.left(PACKET);
            watch.waited();
            watch.waits();
        }

        assertThat(choice.compress()).isFalse();
    }

    /// Its sshd answers at once, so nothing stands in the link.
    @Test
    void aMachineThatReadsSlowlyIsNoSlowLink() {
        var choice = choice(Choice.AUTO);
        answerNanos = CompressionChoice.QUEUED / 2;
        upload(choice.watch(false), 3_000_000, 10 * CompressionChoice.SAMPLE_BYTES);
        assertThat(choice.compress()).isFalse();
        assertThat(changes).hasValue(0);

        answerNanos = CompressionChoice.QUEUED;
        upload(choice.watch(false), 3_000_000, CompressionChoice.SAMPLE_BYTES);
        assertThat(choice.compress()).isTrue();
    }

    @Test
    void aLinkOnWhichNothingIsAnsweredProvesNothing() {
        var choice = new CompressionChoice(
                "m",
                Choice.AUTO,
                clock::get,
                changes::incrementAndGet,
                () -> {
                    throw new IOException("gone");
                },
                Runnable::run);
        upload(choice.watch(false), 3_000_000, 10 * CompressionChoice.SAMPLE_BYTES);

        assertThat(choice.compress()).isFalse();
    }

    /// The source is slow, so that no writer waits for the link.
    @Test
    void slownessOfOthersProvesNothing() {
        var choice = choice(Choice.AUTO);
        compress(choice.watch(false), 1_000_000, 64 << 20);

        assertThat(choice.compress()).isFalse();
    }

    @Test
    void compressionEndsWhenTheLinkIsNotWaitedFor() {
        var choice = choice(Choice.AUTO);
        upload(choice.watch(false), 3_000_000, CompressionChoice.SAMPLE_BYTES);
        compress(choice.watch(true), 40_000_000, CompressionChoice.FIRST_TRIAL_BYTES);

        assertThat(choice.compress()).isFalse();
        assertThat(changes).hasValue(2);
    }

    @Test
    void compressionStaysWhereTheLinkIsWaitedFor() {
        var choice = choice(Choice.AUTO);
        upload(choice.watch(false), 3_000_000, CompressionChoice.SAMPLE_BYTES);
        for (int i = 0; i < 100; i++) {
            compress(choice.watch(true), 40_000_000, 8 << 20);
            upload(choice.watch(true), 20_000_000, 2 << 20);
        }

        assertThat(choice.compress()).isTrue();
        assertThat(changes).hasValue(1);
    }

    @Test
    void aTrialThatFailedIsRepeatedLater() {
        var choice = choice(Choice.AUTO);
        for (int trial = 0; trial < 3; trial++) {
            upload(choice.watch(false), 3_000_000, CompressionChoice.SAMPLE_BYTES);
            assertThat(choice.compress()).isTrue();
            compress(choice.watch(true), 40_000_000, (CompressionChoice.FIRST_TRIAL_BYTES << trial) - PACKET);
            assertThat(choice.compress()).isTrue();
            compress(choice.watch(true), 40_000_000, PACKET);
            assertThat(choice.compress()).isFalse();
        }
    }

    @Test
    void connectionsOfTheOtherKindProveNothing() {
        var choice = choice(Choice.AUTO);
        upload(choice.watch(true), 1_000_000, 64 << 20);
        assertThat(choice.compress()).isFalse();
        upload(choice.watch(false), 3_000_000, CompressionChoice.SAMPLE_BYTES);
        compress(choice.watch(false), 40_000_000, 1 << 30);

        assertThat(choice.compress()).isTrue();
    }

    @Test
    void aSettingIsNotLearnedAway() {
        var yes = choice(Choice.YES);
        var no = choice(Choice.NO);
        compress(yes.watch(true), 40_000_000, 1 << 30);
        upload(no.watch(false), 1_000_000, 64 << 20);

        assertThat(yes.compress()).isTrue();
        assertThat(no.compress()).isFalse();
        assertThat(changes).hasValue(0);
    }

    @Test
    void whatIsNotOfferedIsNotAskedForAgain() {
        var choice = choice(Choice.AUTO);
        upload(choice.watch(false), 3_000_000, CompressionChoice.SAMPLE_BYTES);
        choice.unavailable();
        choice.unavailable();
        assertThat(choice.compress()).isFalse();
        assertThat(changes).hasValue(2);
        upload(choice.watch(false), 3_000_000, 64 << 20);

        assertThat(choice.compress()).isFalse();
    }
}
