package dispatcher.wire.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;
import org.slf4j.event.SubstituteLoggingEvent;
import org.slf4j.helpers.SubstituteLogger;

class AcceptLoopTest {
    private static final String FULL = "Too many open files";

    private final ArrayDeque<SubstituteLoggingEvent> log = new ArrayDeque<>();
    private final List<Duration> pauses = new ArrayList<>();
    private final List<String> taken = new ArrayList<>();
    private long now;

    /// Connections as they come: an empty text stands for a fault. It is closed after the last.
    private final class Script implements AcceptLoop.Source<String> {
        private final ArrayDeque<String> events;

        Script(List<String> events) {
            this.events = new ArrayDeque<>(events);
        }

        @Override
        public String accept() throws IOException {
            var event = events.removeFirst();
            if (event.isEmpty()) throw new IOException(FULL);
            return event;
        }

        @Override
        public boolean isOpen() {
            return !events.isEmpty();
        }

        @Override
        public void pause(Duration time) {
            pauses.add(time);
            now += time.toNanos();
        }
    }

    private void run(List<String> events) {
        new AcceptLoop<>(
                        "local client",
                        new Script(events),
                        taken::add,
                        new SubstituteLogger("test", log, false),
                        () -> now)
                .run();
    }

    private List<String> logged(Level level) {
        return log.stream()
                .filter(event -> event.getLevel() == level)
                .map(event -> event.getMessage() + event.getKeyValuePairs())
                .toList();
    }

    @Test
    void goesOnAfterAFaultAndSaysWhenItWorksAgain() {
        run(List.of("a", "", "b", "c"));

        assertThat(taken).containsExactly("a", "b", "c");
        assertThat(logged(Level.WARN)).singleElement().asString().contains("cannot accept a {}", FULL);
        assertThat(logged(Level.INFO)).hasSize(1);
    }

    @Test
    void waitsLongerEachTimeUpToASecond() {
        var events = new ArrayList<>(java.util.Collections.nCopies(10, ""));
        events.addAll(List.of("a", "", "b"));
        run(events);

        assertThat(pauses.stream().map(Duration::toMillis))
                .containsExactly(10L, 20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L, 1000L, 10L);
    }

    @Test
    void tellsOfFaultsOnceAMinute() {
        var events = new ArrayList<>(java.util.Collections.nCopies(150, ""));
        events.add("a");
        run(events);

        assertThat(logged(Level.WARN)).hasSize(3);
    }

    @Test
    void saysNothingOfTheFaultThatIsItsEnd() {
        run(List.of("a", ""));

        assertThat(log).isEmpty();
        assertThat(pauses).isEmpty();
    }
}
