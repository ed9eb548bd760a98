package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.ByteString;
import dispatcher.testkit.MemoryPipe;
import dispatcher.wire.ProcessChannel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
class ErrorOutputTest {
    private static final long LONG = 20_000;

    private final MemoryPipe pipe = new MemoryPipe(4096);

    private void say(String text) throws IOException {
        pipe.out().write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void linesComeWholeHoweverTheyAreCut() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        errors.listen(line -> lines.add(line.toString()));
        for (var part : List.of("on", "e\n", "\n", "two\nth", "ree\nwithout an end")) say(part);
        pipe.end();
        errors.awaitEnd(LONG);
        assertThat(lines).containsExactly("one", "", "two", "three", "without an end");
        assertThat(errors.tail()).isEqualTo("one\n\ntwo\nthree\nwithout an end");
    }

    @Test
    void onlyTheEndIsKept() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        for (int i = 0; i < 10_000; i++) say("line " + i + "\n");
        pipe.end();
        errors.awaitEnd(LONG);
        assertThat(errors.tail()).endsWith("line 9998\nline 9999").hasSizeLessThan(5000);
    }

    /// Also without a listener the program must never wait for us.
    @Test
    void lineWithoutEndIsHandedOverInPieces() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        var longest = new AtomicInteger();
        var total = new AtomicInteger();
        errors.listen(line -> {
            longest.accumulateAndGet(line.length(), Math::max);
            total.addAndGet(line.length());
        });
        var piece = "x".repeat(100_000);
        for (int i = 0; i < 50; i++) say(piece);
        pipe.end();
        errors.awaitEnd(LONG);
        assertThat(total).hasValue(5_000_000);
        assertThat(longest.get()).isLessThan((1 << 20) + 10_000);
    }

    @Test
    void goesOnReadingAfterAListenerThatThrew() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        errors.listen(line -> {
            if (lines.isEmpty()) {
                lines.add("first");
                throw new IllegalStateException("nobody foresaw this");
            }
            lines.add(line.toString());
        });
        say("one\ntwo\n");
        pipe.end();
        errors.awaitEnd(LONG);

        assertThat(lines).containsExactly("first", "two");
    }

    /// What was there to be read when the wait began has been heard when it ends, however the threads are
    /// scheduled.
    @Test
    void caughtUpMeansThatAllWasHeard() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        var heard = new AtomicInteger();
        errors.listen(_ -> heard.incrementAndGet());
        int said = 0;
        for (int round = 0; round < 500; round++) {
            for (int i = 0; i <= round % 7; i++, said++) say("line\n");
            errors.awaitCaughtUp(LONG);
            assertThat(heard).hasValue(said);
        }
    }

    @Test
    void listenerThatTakesItsTimeIsWaitedFor() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        var entered = new CountDownLatch(1);
        var mayGoOn = new CountDownLatch(1);
        var done = new CompletableFuture<Boolean>();
        errors.listen(_ -> {
            entered.countDown();
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        say("line\n");
        entered.await();
        var waiter = Thread.ofVirtual().start(() -> {
            try {
                errors.awaitCaughtUp(LONG);
                done.complete(mayGoOn.getCount() == 0);
            } catch (IOException | InterruptedException e) {
                done.completeExceptionally(e);
            }
        });
        // Its thread is parked in the listener, which must not be taken for waiting for more.
        assertThat(waiter.join(java.time.Duration.ofMillis(50))).isFalse();
        mayGoOn.countDown();
        assertThat(done.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void listenerGetsNothingOnceAnotherListensInItsPlace() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        var entered = new CountDownLatch(1);
        var mayGoOn = new CountDownLatch(1);
        var before = Collections.synchronizedList(new ArrayList<String>());
        errors.listen(line -> {
            entered.countDown();
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            before.add(line.toString());
        });
        say("first\n");
        entered.await();
        var after = new CompletableFuture<String>();
        var heardBefore = new CompletableFuture<List<String>>();
        var change = Thread.ofVirtual().start(() -> {
            errors.listen(line -> after.complete(line.toString()));
            heardBefore.complete(List.copyOf(before));
        });
        assertThat(change.join(java.time.Duration.ofMillis(50))).isFalse();
        mayGoOn.countDown();
        assertThat(heardBefore.get(10, TimeUnit.SECONDS)).containsExactly("first");
        say("second\n");
        assertThat(after.get(10, TimeUnit.SECONDS)).isEqualTo("second");
        assertThat(before).containsExactly("first");
    }

    @Test
    void waitEndsInTimeWhenTheListenerDoesNot() throws Exception {
        var errors = ErrorOutput.start(pipe.in(), "test");
        var mayGoOn = new CountDownLatch(1);
        errors.listen(_ -> {
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        say("line\n");
        errors.awaitCaughtUp(20);
        mayGoOn.countDown();
        errors.awaitCaughtUp(LONG);
    }

    /// A child's pipe is read in the system, where a virtual thread is not seen to be parked.
    @Test
    void waitEndsOnAPipeOfTheSystem() throws Exception {
        var process = ProcessChannel.start(List.of("sh", "-c", "while read -r x; do echo \"$x\" >&2; done"));
        try {
            var errors = ErrorOutput.start(process.err(), "test");
            var heard = new LinkedBlockingQueue<ByteString>();
            errors.listen(heard::add);
            for (int i = 0; i < 5; i++) {
                process.out().write("line\n".getBytes(StandardCharsets.UTF_8));
                process.out().flush();
                assertThat(heard.poll(10, TimeUnit.SECONDS)).hasToString("line");
                long begin = System.nanoTime();
                errors.awaitCaughtUp(LONG);
                assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.MILLISECONDS.toNanos(LONG));
            }
        } finally {
            process.close();
        }
    }

    @Test
    void streamThatFailsIsItsEnd() throws Exception {
        pipe.abort();
        var errors = ErrorOutput.start(pipe.in(), "test");
        errors.awaitEnd(LONG);
        errors.awaitCaughtUp(LONG);
        assertThat(errors.tail()).isEmpty();
    }
}
