package dispatcher.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.Pressure.Limits;
import dispatcher.machine.Pressure.Room;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PressureTest {
    private static final long GIB = 1L << 30;
    private static final Limits LIMITS = new Limits(2 * GIB, 3);

    private static Pressure pressure(double load, Room memory, double stalled, Room store, Room build) {
        return new Pressure(
                Instant.EPOCH,
                load,
                4,
                memory,
                OptionalDouble.empty(),
                OptionalDouble.of(stalled),
                store,
                build,
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                0);
    }

    private static boolean isShort(double free, double total, double minFree) {
        var store = new Room((long) (free * GIB), (long) (total * GIB));
        return new Pressure(
                        Instant.EPOCH,
                        0,
                        4,
                        store,
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        store,
                        store,
                        Optional.empty(),
                        Optional.empty(),
                        OptionalLong.empty(),
                        (long) (minFree * GIB))
                .isStoreShort();
    }

    @Test
    void storeIsShortBeforeItsNixHasToCollectGarbage() {
        assertThat(isShort(2.5, 100, 0)).isFalse();
        assertThat(isShort(1.9, 100, 0)).isTrue();
        assertThat(isShort(12.5, 100, 10)).isFalse();
        assertThat(isShort(11.9, 100, 10)).isTrue();
        assertThat(isShort(0.11, 1, 0)).as("more than a tenth of a small disk").isFalse();
        assertThat(isShort(0.09, 1, 0)).isTrue();
        assertThat(isShort(50, 100, 200)).as("more than there is").isTrue();
    }

    private static Room room(double free) {
        return new Room((long) (free * GIB), 100 * GIB);
    }

    @Test
    void aMachineThatIsWellMayGetMore() {
        var well = pressure(12, room(50), 0.5, room(2), room(2));
        assertThat(well.objection(LIMITS)).isEmpty();
        assertThat(well.isMemoryExhausted()).isFalse();
    }

    @Test
    void aFullDiskIsToldWithItsSizes() {
        assertThat(pressure(0, room(50), 0, room(1.25), room(50)).objection(LIMITS))
                .hasValue("its store's disk has 1.3 GiB free, less than minFreeDisk, 2.0 GiB");
        assertThat(pressure(0, room(50), 0, room(50), room(0.5)).objection(LIMITS))
                .hasValue("the disk of its build directories has 512 MiB free, less than minFreeDisk, 2.0 GiB");
    }

    @Test
    void ofASmallDiskAQuarterIsEnough() {
        var small = new Room(GIB / 4, GIB);
        assertThat(pressure(0, room(50), 0, room(50), small).objection(LIMITS)).isEmpty();
        assertThat(pressure(0, room(50), 0, room(50), new Room(GIB / 4 - 1, GIB))
                        .objection(LIMITS))
                .isPresent();
    }

    @Test
    void lackOfMemoryIsTold() {
        var full = pressure(0, room(1), 0, room(50), room(50));
        assertThat(full.objection(LIMITS)).hasValue("it has 1.0 GiB of memory left of 100.0 GiB");
        assertThat(full.isMemoryExhausted()).isTrue();
        assertThat(pressure(0, room(50), 0.62, room(50), room(50)).objection(LIMITS))
                .hasValue("all of its processes wait for memory 62 % of the time");
    }

    @Test
    void loadIsOnlyHeldAgainstAMachineWhereThereIsALimit() {
        var busy = pressure(14, room(50), 0, room(50), room(50));
        assertThat(busy.objection(LIMITS)).hasValue("its load is 3.5 for each of 4 cores, more than maxLoad, 3.0");
        assertThat(busy.objection(Limits.DEFAULT)).isEmpty();
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> new Room(2, 1)).hasMessage("2 free of 1");
        assertThatThrownBy(() -> pressure(Double.NaN, room(1), 0, room(1), room(1)))
                .hasMessage("a load of NaN");
        assertThat(new Room(0, 0).fraction()).isEqualTo(1);
    }
}
