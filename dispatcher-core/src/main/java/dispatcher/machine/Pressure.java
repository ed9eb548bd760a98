package dispatcher.machine;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// How a machine is doing at one moment.
///
/// @param load            processes that ran or waited for disks, averaged over the last minute
/// @param cores           above 0
/// @param memory          of the whole machine
/// @param cpuStalled      share of the last 10 s in which something waited for a processor; where the kernel reports
///                        it
/// @param memoryStalled   share of the last 10 s in which everything waited for memory; where the kernel reports it
/// @param store           the disk of the Nix store
/// @param build           the disk of the build directories; may be the same
/// @param storeInodes     inodes of the store's disk; empty if it has no fixed number of them or does not report it
/// @param buildInodes     likewise of the build directories' disk
/// @param oomKills        processes that the kernel has killed for lack of memory since it was started,
///                        in all
/// @param minFree         bytes; with less free on the store's disk, its Nix collects garbage while it builds; 0 if
///                        it does not, or does not report it
public record Pressure(
        Instant sampledAt,
        double load,
        int cores,
        Room memory,
        OptionalDouble cpuStalled,
        OptionalDouble memoryStalled,
        Room store,
        Room build,
        Optional<Room> storeInodes,
        Optional<Room> buildInodes,
        OptionalLong oomKills,
        long minFree) {
    /// Fewer inodes are about to be none.
    private static final long LEAST_INODES = 1000;

    /// With no more than that left above `minFree`, a store's garbage is about to be needed. Of a small disk a
    /// tenth.
    private static final long STORE_MARGIN = 2L << 30;

    /// Less is about to be none.
    private static final double LEAST_MEMORY = 0.02;
    /// No build writes that much in some seconds.
    private static final long PLENTY = 10L << 30;
    /// More, and builds do little but wait for each other's memory.
    private static final double MOST_STALLED = 0.5;

    /// Something that is used up, in bytes or inodes.
    public record Room(long free, long total) {
        public Room {
            if (free < 0 || total < free) throw new IllegalArgumentException("%d free of %d".formatted(free, total));
        }

        /// Of a small disk, such as one in memory, a quarter is enough.
        private boolean isFull(Limits limits) {
            return free < Math.min(limits.minFreeDisk, total / 4);
        }

        private boolean isPlenty() {
            return free >= Math.min(PLENTY, total / 2);
        }

        /// Of inodes; of a small disk a tenth is enough.
        private boolean hasFewInodes() {
            return free < Math.min(LEAST_INODES, total / 10);
        }

        /// From 0, full, to 1; 1 also if there is nothing at all.
        public double fraction() {
            return total == 0 ? 1 : (double) free / total;
        }
    }

    /// What a machine must have to get more builds.
    ///
    /// @param minFreeDisk bytes, of the store's disk and of the build directories'
    /// @param maxLoad     for each core; infinite for no limit
    public record Limits(long minFreeDisk, double maxLoad) {
        public static final Limits DEFAULT = new Limits(1L << 30, Double.POSITIVE_INFINITY);
    }

    public Pressure {
        if (cores < 1) throw new IllegalArgumentException(cores + " cores");
        if (minFree < 0) throw new IllegalArgumentException("minFree of " + minFree);
        if (!(load >= 0) || Double.isInfinite(load)) throw new IllegalArgumentException("a load of " + load);
    }

    /// Load for each core: above 1 something waits.
    public double loadPerCore() {
        return load / cores;
    }

    /// Whether a process that asks for memory may get none.
    public boolean isMemoryExhausted() {
        return memory.fraction() < LEAST_MEMORY || memoryStalled.orElse(0) > MOST_STALLED;
    }

    /// Which disk can take no more files, in words; empty if none is known to be such.
    public Optional<String> lackOfInodes() {
        if (storeInodes.filter(Room::hasFewInodes).isPresent())
            return storeInodes.map(
                    inodes -> "its store's disk has %d inodes free of %d".formatted(inodes.free, inodes.total));
        return buildInodes
                .filter(Room::hasFewInodes)
                .map(inodes -> "the disk of its build directories has %d inodes free of %d"
                        .formatted(inodes.free, inodes.total));
    }

    /// Which disk has little room, in words; empty if both have some.
    public Optional<String> lackOfDisk() {
        if (store.isFull(Limits.DEFAULT))
            return Optional.of("its store's disk has %s free".formatted(size(store.free)));
        if (build.isFull(Limits.DEFAULT))
            return Optional.of("the disk of its build directories has %s free".formatted(size(build.free)));
        return Optional.empty();
    }

    /// Whether the store's disk has so little room that what is garbage there is needed now or soon.
    public boolean isStoreShort() {
        long above = store.free - Math.min(STORE_MARGIN, store.total / 10);
        return above < minFree || storeInodes.filter(Room::hasFewInodes).isPresent();
    }

    /// Whether a build cannot have used up what is left within some seconds.
    public boolean hasPlentyOfDisk() {
        return store.isPlenty() && build.isPlenty();
    }

    /// Why the machine should get no more builds now, in words that go on from its name; empty if it may get more.
    public Optional<String> objection(Limits limits) {
        if (store.isFull(limits))
            return Optional.of("its store's disk has %s free, less than minFreeDisk, %s"
                    .formatted(size(store.free), size(limits.minFreeDisk)));
        if (build.isFull(limits))
            return Optional.of("the disk of its build directories has %s free, less than minFreeDisk, %s"
                    .formatted(size(build.free), size(limits.minFreeDisk)));
        if (lackOfInodes().isPresent()) return lackOfInodes();
        if (memory.fraction() < LEAST_MEMORY)
            return Optional.of("it has %s of memory left of %s".formatted(size(memory.free), size(memory.total)));
        if (memoryStalled.orElse(0) > MOST_STALLED)
            return Optional.of("all of its processes wait for memory %.0f %% of the time"
                    .formatted(100 * memoryStalled.orElse(0)));
        if (loadPerCore() > limits.maxLoad)
            return Optional.of(String.format(
                    Locale.ROOT,
                    "its load is %.1f for each of %d cores, more than maxLoad, %.1f",
                    loadPerCore(),
                    cores,
                    limits.maxLoad));
        return Optional.empty();
    }

    private static String size(long bytes) {
        return bytes < 1L << 30
                ? "%d MiB".formatted(bytes >> 20)
                : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }
}
