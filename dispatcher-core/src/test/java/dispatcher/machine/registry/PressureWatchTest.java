package dispatcher.machine.registry;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Pressure;
import dispatcher.machine.Pressure.Room;
import dispatcher.schedule.policy.MachineState;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What samples of machines make of them.
class PressureWatchTest {
    private static final long GIB = 1L << 30;
    private static final Room PLENTY = new Room(50 * GIB, 100 * GIB);
    private static final String FULL = "its store's disk has 512 MiB free, less than minFreeDisk, 1.0 GiB";

    private final TestRegistry fleet = new TestRegistry(machine("a", 1, 1), machine("b", 1, 1));

    @AfterEach
    void close() {
        fleet.close();
    }

    static Pressure free(long bytes) {
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
    void anObjectionIsToldOnceWhenItComesAndWhenItGoes() {
        fleet.sampled("a", free(50 * GIB));
        fleet.sampled("a", free(GIB / 2));
        assertThat(fleet.inQueue("a").facts().objection()).isEqualTo(FULL);
        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.UNDER_PRESSURE);
        fleet.sampled("a", free(GIB / 2));
        fleet.sampled("b", free(50 * GIB));
        fleet.sampled("a", free(2 * GIB));

        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.READY);
        assertThat(fleet.events().all()).containsExactly("pressure a: " + FULL, "room a");
    }

    /// Only the queue gets the lower of two objections.
    @Test
    void anotherObjectionIsNoNewEvent() {
        fleet.sampled("a", free(GIB / 2));
        fleet.sampled("a", free(GIB / 4));

        assertThat(fleet.inQueue("a").facts().objection()).contains("256 MiB");
        assertThat(fleet.events().all()).hasSize(1);
    }

    /// Else a machine that gets no builds, and so has no connection, would be left alone for ever.
    @Test
    void whatIsNotKnownAnyMoreIsNoObjection() {
        fleet.sampled("a", free(GIB / 2));
        fleet.unknown("a");
        fleet.unknown("b");

        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.READY);
        assertThat(fleet.events().all()).hasSize(2).last().isEqualTo("room a");
    }

    @Test
    void otherLimitsHoldFromTheNextSampleOn() {
        fleet.sampled("a", free(2 * GIB));
        fleet.limitDisk(4 * GIB);
        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.READY);
        fleet.sampled("a", free(2 * GIB));

        assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.UNDER_PRESSURE);
    }

    @Test
    void aMachineThatIsGoneIsNotTalkedOf() {
        fleet.replace(machine("b", 1, 1));
        fleet.sampled("a", free(GIB / 2));

        assertThat(fleet.events().all()).isEmpty();
    }
}
