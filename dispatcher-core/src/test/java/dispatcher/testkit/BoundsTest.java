package dispatcher.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BoundsTest {
    @Test
    void whatCostsLittleIsDoneOnce() {
        var runs = new AtomicInteger();
        Bounds.hold(0, runs::incrementAndGet);
        assertThat(runs).hasValue(1);
    }

    @Test
    void allocationBeyondProportionFails() {
        var kept = new ArrayList<byte[]>();
        assertThatThrownBy(() -> Bounds.hold(100, () -> kept.add(new byte[8 << 20])))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("an input of 100 bytes")
                .hasMessageContaining("bytes of memory");
        Bounds.hold(8 << 20, () -> kept.add(new byte[8 << 20]));
    }

    @Test
    void whatIsLoadedOnlyOnceIsForgiven() {
        var runs = new AtomicInteger();
        var kept = new ArrayList<byte[]>();
        Bounds.hold(100, () -> {
            if (runs.incrementAndGet() == 1) kept.add(new byte[8 << 20]);
        });
        assertThat(runs).hasValue(2);
        assertThat(kept).hasSize(1);
    }
}
