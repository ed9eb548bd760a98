package dispatcher.build.request;

import dispatcher.nix.StorePath;
import dispatcher.schedule.policy.Inputs;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The largest inputs of a build, which say most about where it is best built, and how large all of them are.
/// Made once, so that looking up anew where they are costs the same for a build of thousands of inputs as for one
/// of a few. Immutable; up to 800 bytes.
public final class LargestInputs {
    private static final int MOST_INPUTS = 64;

    /// The number of machines, those that hold most, that the scheduler gets.
    private static final int MOST_MACHINES = 4;

    private final long bytesOfAll;
    private final List<StorePath> paths;
    private final long[] bytes;

    private record Sized(StorePath path, long bytes) {}

    private LargestInputs(long bytesOfAll, List<Sized> largest) {
        this.bytesOfAll = bytesOfAll;
        this.paths = largest.stream().map(Sized::path).toList();
        this.bytes = largest.stream().mapToLong(Sized::bytes).toArray();
    }

    /// Those whose sizes are known. Cost: one look at each.
    static LargestInputs of(Collection<StorePath> inputs, PathSizes sizes) {
        long bytesOfAll = 0;
        var sized = new ArrayList<Sized>();
        for (var path : inputs) {
            var size = sizes.of(path);
            if (size.isEmpty()) continue;
            bytesOfAll += size.getAsLong();
            sized.add(new Sized(path, size.getAsLong()));
        }
        sized.sort(Comparator.comparingLong(Sized::bytes).reversed());
        return new LargestInputs(bytesOfAll, sized.subList(0, Math.min(MOST_INPUTS, sized.size())));
    }

    /// Where they are known to be now. Does no I/O and takes some microseconds.
    Inputs located(Locations locations) {
        var present = new HashMap<String, Long>();
        for (int i = 0; i < bytes.length; i++)
            for (var machine : locations.of(paths.get(i))) present.merge(machine, bytes[i], Long::sum);
        if (present.size() <= MOST_MACHINES) return new Inputs(bytesOfAll, present);
        return new Inputs(
                bytesOfAll,
                present.entrySet().stream()
                        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                        .limit(MOST_MACHINES)
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }
}
