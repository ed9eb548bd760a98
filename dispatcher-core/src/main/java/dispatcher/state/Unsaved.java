package dispatcher.state;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Which of many things have changed since they were last written down.
///
/// Bounded: if more than a given number have changed, it only remembers that all are to be written. Safe for any
/// thread: a change that is added while others are taken is either among these or among the next. Callers that
/// change a thing add it afterwards; the thread that saves takes first and looks at the things afterwards.
public final class Unsaved<K> {
    private final int most;
    private final Set<K> keys = ConcurrentHashMap.newKeySet();
    private volatile boolean all;

    /// What was taken.
    ///
    /// @param all  whether everything is to be written down; `keys` is empty then
    /// @param keys what is to be written down, or removed if it does not exist any more
    public record Batch<K>(boolean all, List<K> keys) {
        public Batch {
            keys = List.copyOf(keys);
        }

        public boolean isEmpty() {
            return !all && keys.isEmpty();
        }
    }

    /// @param most how many changes at most are remembered one by one
    public Unsaved(int most) {
        this.most = most;
    }

    public void add(K key) {
        if (all) return;
        if (keys.size() >= most) all = true;
        else keys.add(key);
    }

    public void addAll(Collection<? extends K> some) {
        for (var key : some) add(key);
    }

    /// Everything is to be written down.
    public void addEverything() {
        all = true;
    }

    /// Takes all changes.
    public Batch<K> take() {
        if (all) {
            // In this order: what changes meanwhile is added after that, or is seen when all is written.
            all = false;
            keys.clear();
            return new Batch<>(true, List.of());
        }
        var taken = new ArrayList<K>();
        for (var some = keys.iterator(); some.hasNext(); ) {
            var key = some.next();
            if (keys.remove(key)) taken.add(key);
        }
        return new Batch<>(false, taken);
    }

    /// They are not written down after all.
    public void putBack(Batch<K> batch) {
        if (batch.all()) addEverything();
        else addAll(batch.keys());
    }

    /// These are about to be written down, as they are from now on.
    public void remove(Collection<? extends K> some) {
        for (var key : some) keys.remove(key);
    }
}
