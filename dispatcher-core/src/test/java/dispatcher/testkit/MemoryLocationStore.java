package dispatcher.testkit;

import dispatcher.nix.StorePath;
import dispatcher.store.LocationStore;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// Keeps locations in memory, and counts how often something is written.
public final class MemoryLocationStore implements LocationStore {
    private final Map<StorePath, KnownPath> paths = new ConcurrentHashMap<>();
    private final AtomicInteger writes = new AtomicInteger();
    private volatile boolean full;

    /// Whether nothing more can be written.
    public void setFull(boolean isFull) {
        full = isFull;
    }

    public int writes() {
        return writes.get();
    }

    public Collection<KnownPath> paths() {
        return paths.values();
    }

    @Override
    public void load(Consumer<KnownPath> each) {
        paths.values().forEach(each);
    }

    @Override
    public void save(Collection<KnownPath> changed) throws IOException {
        if (full) throw new IOException("the disk is full");
        writes.incrementAndGet();
        for (var path : changed) {
            if (path.machines().isEmpty()) paths.remove(path.path());
            else paths.put(path.path(), path);
        }
    }

    @Override
    public void replaceAll(Collection<KnownPath> all) throws IOException {
        if (full) throw new IOException("the disk is full");
        paths.clear();
        save(all);
    }
}
