package dispatcher.testkit;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.record.BuildRecord;
import dispatcher.record.RecordStore;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/// Records in memory. Finds all, whatever is asked for, so that what it says shows what was written.
public final class MemoryRecordStore implements RecordStore {
    private final ConcurrentSkipListMap<Long, BuildRecord> records =
            new ConcurrentSkipListMap<>(Comparator.reverseOrder());
    private final List<LogPart> logs = new CopyOnWriteArrayList<>();
    private final List<Placed> placements = new CopyOnWriteArrayList<>();

    /// What clients have fetched, as it was written down.
    public final List<Fetch> fetches = new CopyOnWriteArrayList<>();

    /// Nothing can be written while this is so.
    public volatile boolean isFull;

    /// Nothing can be read while this is so.
    public volatile boolean isUnreadable;

    /// How often it was said that builds are interrupted.
    public int interruptions;

    /// How often it was to settle.
    public int settled;

    @Override
    public void settle() {
        settled++;
    }

    @Override
    public long lastId() throws IOException {
        if (isUnreadable) throw new IOException("permission denied");
        return records.isEmpty() ? 0 : records.firstKey();
    }

    @Override
    public void interrupt(Instant now) throws IOException {
        if (isFull) throw new IOException("no space left on device");
        interruptions++;
    }

    @Override
    public void save(Batch batch) throws IOException {
        if (isFull) throw new IOException("no space left on device");
        for (var record : batch.records()) records.put(record.id(), record);
        logs.addAll(batch.logs());
        placements.addAll(batch.placements());
        fetches.addAll(batch.fetches());
    }

    @Override
    public List<PlacementAccount> placements(long id) {
        return placements.stream()
                .filter(placed -> placed.build() == id)
                .map(Placed::account)
                .toList();
    }

    @Override
    public List<BuildRecord> find(Query query, Set<Long> except, int most) {
        return records.values().stream()
                .filter(record -> !except.contains(record.id()))
                .limit(most)
                .toList();
    }

    @Override
    public Optional<BuildRecord> find(long id) {
        return Optional.ofNullable(records.get(id));
    }

    @Override
    public Map<BuildRecord.Outcome, Long> count(Instant since) {
        return records.values().stream()
                .filter(record ->
                        record.ended().filter(it -> !it.isBefore(since)).isPresent())
                .collect(Collectors.groupingBy(BuildRecord::outcome, Collectors.counting()));
    }

    @Override
    public List<LogPart> log(long id, long from, int most) {
        var all = logs.stream().filter(part -> part.build() == id).toList();
        int first = 0;
        for (int i = 0; i < all.size(); i++) if (all.get(i).start() <= from) first = i;
        return all.subList(first, Math.min(all.size(), first + most));
    }

    @Override
    public boolean forgetBefore(Instant end) {
        var old = new ArrayList<Long>();
        records.forEach((id, record) -> {
            if (record.ended().filter(end::isAfter).isPresent()) old.add(id);
        });
        if (old.isEmpty()) return false;
        records.remove(old.getFirst());
        return true;
    }
}
