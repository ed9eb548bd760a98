package dispatcher.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UnsavedTest {
    private final Unsaved<Integer> unsaved = new Unsaved<>(10);

    @Test
    void whatIsTakenIsNotTakenAgain() {
        unsaved.addAll(List.of(1, 2, 1));

        assertThat(unsaved.take().keys()).containsExactlyInAnyOrder(1, 2);
        assertThat(unsaved.take().isEmpty()).isTrue();
        unsaved.add(2);
        assertThat(unsaved.take().keys()).containsExactly(2);
    }

    @Test
    void whatIsPutBackIsTakenAgain() {
        unsaved.addAll(List.of(1, 2));
        var batch = unsaved.take();
        unsaved.add(3);
        unsaved.putBack(batch);

        assertThat(unsaved.take().keys()).containsExactlyInAnyOrder(1, 2, 3);
    }

    @Test
    void ofTooManyChangesIsRememberedThatThereAreSome() {
        unsaved.addAll(IntStream.range(0, 11).boxed().toList());
        var batch = unsaved.take();

        assertThat(batch.all()).isTrue();
        assertThat(batch.keys()).isEmpty();
        assertThat(unsaved.take().isEmpty()).isTrue();
        unsaved.putBack(batch);
        assertThat(unsaved.take().all()).isTrue();
    }

    @Test
    void whatIsWrittenInAnotherWayIsNotTaken() {
        unsaved.addAll(List.of(1, 2));
        unsaved.remove(List.of(1));

        assertThat(unsaved.take().keys()).containsExactly(2);
    }

    /// What changes while others are taken is among these or among the next.
    @Test
    void noChangeIsLostWhileOthersAreTaken() throws Exception {
        var many = new Unsaved<Integer>(1_000_000);
        int count = 100_000;
        var begun = new CountDownLatch(1);
        var adding = Thread.ofPlatform().start(() -> {
            begun.countDown();
            for (int i = 0; i < count; i++) many.add(i);
        });
        begun.await();
        var taken = new HashSet<Integer>();
        while (adding.isAlive()) taken.addAll(many.take().keys());
        taken.addAll(many.take().keys());

        assertThat(taken).hasSize(count);
    }
}
