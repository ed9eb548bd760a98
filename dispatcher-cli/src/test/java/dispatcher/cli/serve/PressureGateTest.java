package dispatcher.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Pressure;
import dispatcher.machine.Pressure.Room;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PressureGateTest {
    private static final long GIB = 1L << 30;
    private static final Room PLENTY = new Room(50 * GIB, 100 * GIB);

    private final List<String> told = new ArrayList<>();
    private final PressureGate objections =
            new PressureGate(Pressure.Limits.DEFAULT, (machine, objection) -> told.add(machine + ": " + objection));

    private static Pressure free(long bytes) {
        return new Pressure(
                Instant.EPOCH,
                0,
                4,
                PLENTY,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                new Room(bytes, 100 * GIB),
                PLENTY,
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                0);
    }

    @Test
    void theQueueIsToldOnceWhenAnObjectionComesAndWhenItGoes() {
        objections.sampled("a", free(50 * GIB));
        objections.sampled("a", free(GIB / 2));
        objections.sampled("a", free(GIB / 2));
        objections.sampled("b", free(50 * GIB));
        objections.sampled("a", free(2 * GIB));
        assertThat(told).containsExactly("a: its store's disk has 512 MiB free, less than minFreeDisk, 1.0 GiB", "a: ");
    }

    /// Else a machine that gets no builds, and so has no connection, would be left alone for ever.
    @Test
    void whatIsNotKnownAnyMoreIsNoObjection() {
        objections.sampled("a", free(GIB / 2));
        objections.unknown("a");
        objections.unknown("b");
        assertThat(told).hasSize(2).last().isEqualTo("a: ");
    }
}
