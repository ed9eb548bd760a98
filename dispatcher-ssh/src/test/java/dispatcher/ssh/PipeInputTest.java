package dispatcher.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.ssh.client.ErrorInput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PipeInputTest {
    private final AtomicLong consumed = new AtomicLong();
    private final PipeInput pipe = new PipeInput(consumed::addAndGet);

    private void receive(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        pipe.receive(bytes, 0, bytes.length);
    }

    @RepeatedTest(20)
    void whatComesIsReadInOrderInPiecesOfAnySize(RepetitionInfo repetition) throws Exception {
        Random random = new Random(repetition.getCurrentRepetition());
        byte[] sent = new byte[random.nextInt(400_000)];
        random.nextBytes(sent);
        Thread sender = Thread.ofVirtual().start(() -> {
            Random sizes = new Random(sent.length);
            for (int at = 0; at < sent.length; ) {
                int count = Math.min(sent.length - at, 1 + sizes.nextInt(sizes.nextBoolean() ? 100 : 70_000));
                pipe.receive(sent, at, count);
                at += count;
            }
            pipe.end();
        });
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        byte[] bytes = new byte[1 + random.nextInt(50_000)];
        for (int n; (n = pipe.read(bytes, 0, 1 + random.nextInt(bytes.length))) >= 0; ) received.write(bytes, 0, n);
        sender.join();
        assertThat(received.toByteArray()).isEqualTo(sent);
        assertThat(consumed).hasValue(sent.length);
    }

    @Test
    void theEndComesAfterWhatHasCome() throws Exception {
        receive("a");
        pipe.end();
        receive("too late");
        assertThat(pipe.read()).isEqualTo('a');
        assertThat(pipe.read()).isEqualTo(-1);
        assertThat(pipe.read()).isEqualTo(-1);
    }

    @Test
    void aFailureComesAfterWhatHasCome() throws Exception {
        receive("a");
        pipe.fail(new IOException("broken"));
        pipe.end();
        assertThat(pipe.read()).isEqualTo('a');
        assertThatThrownBy(pipe::read).hasMessage("broken");
        assertThatThrownBy(pipe::read).hasMessage("broken");
    }

    @Test
    void anAbortDropsWhatHasCome() {
        receive("a");
        pipe.end();
        pipe.abort(new IOException("closed"));
        assertThatThrownBy(pipe::read).hasMessage("closed");
    }

    @Test
    void anInterruptedReaderStopsAndStaysInterrupted() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(pipe::read).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void standardErrorBeyondTheLimitIsDroppedWithANote() throws Exception {
        ErrorInput errors = new ErrorInput(10);
        byte[] line = "12345678".getBytes(UTF_8);
        errors.receive(line, 0, 8);
        errors.receive(line, 0, 8);
        errors.receive(line, 0, 8);
        assertThat(errors.readNBytes(8)).isEqualTo(line);
        errors.receive(line, 0, 8);
        errors.end();
        assertThat(new String(errors.readAllBytes(), UTF_8))
                .isEqualTo("\n[16 bytes of standard error were dropped]\n12345678");
        assertThat(errors.received()).isEqualTo(32);
    }
}
