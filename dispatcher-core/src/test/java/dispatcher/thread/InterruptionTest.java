package dispatcher.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import org.junit.jupiter.api.Test;

class InterruptionTest {
    @Test
    void brokenConnectionIsNone() {
        assertThatCode(() -> Interruption.rethrow(new IOException("broken"))).doesNotThrowAnyException();
    }

    @Test
    void timeOutIsNone() {
        assertThatCode(() -> Interruption.rethrow(new SocketTimeoutException("slow")))
                .doesNotThrowAnyException();
    }

    @Test
    void whateverFailsInAnInterruptedThreadIsOne() {
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> Interruption.rethrow(new IOException("broken")))
                .isInstanceOf(InterruptedException.class)
                .hasRootCauseMessage("broken");
        assertThat(Thread.interrupted()).as("the flag").isFalse();
    }

    @Test
    void streamThatReportsOneIsBelievedWithoutTheFlag() {
        assertThatThrownBy(() -> Interruption.rethrow(new InterruptedIOException()))
                .isInstanceOf(InterruptedException.class);
        assertThatThrownBy(() -> Interruption.rethrow(new IOException("wrapped", new ClosedByInterruptException())))
                .isInstanceOf(InterruptedException.class);
    }
}
