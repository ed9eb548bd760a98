package dispatcher.history;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.attributes.PackageName;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// When what is written down; how it is done is tested with those who do it.
class HistorySavingTest {
    private static final String X86 = "x86_64-linux";
    private static final PackageName HELLO = new PackageName("hello");
    private static final PackageName LIBC = new PackageName("glibc");

    private final MemoryStore store = new MemoryStore();

    private static final class MemoryStore implements HistoryStore {
        private final Map<String, MachineHistory> machines = new HashMap<>();
        private final Map<Key, PackageHistory> packages = new HashMap<>();
        private int written;
        private boolean full;

        @Override
        public Contents load() throws IOException {
            if (full) throw new IOException("cannot be read");
            return new Contents(machines, packages);
        }

        @Override
        public void save(Contents changed, Collection<PackageName> forgotten) throws IOException {
            if (full) throw new IOException("the disk is full");
            written += changed.packages().size();
            machines.putAll(changed.machines());
            packages.putAll(changed.packages());
            var gone = Set.copyOf(forgotten);
            packages.keySet().removeIf(key -> gone.contains(key.name()));
        }

        @Override
        public void replaceAll(Contents all) throws IOException {
            if (full) throw new IOException("the disk is full");
            machines.clear();
            packages.clear();
            save(all, List.of());
        }
    }

    private History load() {
        var history = History.load(store, Duration.ofSeconds(30), new ManualClock());
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
        return history;
    }

    private void built(History history, PackageName... names) {
        for (var name : names) history.built(name, X86, "a", Duration.ofSeconds(3));
    }

    @Test
    void onlyWhatIsNewIsWritten() {
        var history = load();
        built(history, HELLO, LIBC);
        history.save(store);
        history.save(store);
        assertThat(store.written).isEqualTo(2);
        built(history, HELLO);
        history.save(store);
        assertThat(store.written).isEqualTo(3);
        var again = load();
        again.save(store);
        assertThat(store.written).as("what was read").isEqualTo(3);
        assertThat(again.packages()).isEqualTo(history.packages());
    }

    @Test
    void whatIsForgottenIsForgottenThereToo() {
        var history = load();
        built(history, HELLO, LIBC);
        history.save(store);
        history.forget(HELLO);
        history.save(store);

        assertThat(load().packages()).extracting(History.PackageLine::name).containsExactly(LIBC);
    }

    @Test
    void aCopyThatWasMeasuredIsWritten() {
        var history = load();
        history.copied("a", 123_456_789, 0, 7_000_000_000L);
        history.save(store);

        assertThat(load().machines()).isEqualTo(history.machines());
    }

    @Test
    void whatCannotBeWrittenIsWrittenTheNextTime() {
        var history = load();
        store.full = true;
        built(history, HELLO);
        history.copied("a", 123_456_789, 0, 7_000_000_000L);
        history.save(store);
        assertThat(history.packages()).hasSize(1);
        store.full = false;
        history.save(store);

        assertThat(load().packages()).isEqualTo(history.packages());
        assertThat(load().machines()).isEqualTo(history.machines());
    }

    @Test
    void whatCannotBeReadIsLearnedAnew() {
        store.full = true;
        var history = load();
        assertThat(history.packages()).isEmpty();
        store.full = false;
        built(history, HELLO);
        history.save(store);
        assertThat(load().packages()).hasSize(1);
    }

    @Test
    @Tag("slow")
    void packagesOfLeastUseAreForgottenThereToo() {
        var history = load();
        for (int i = 0; i < 55_000; i++) {
            built(history, new PackageName("p" + i));
            if (i % 20_000 == 0) history.save(store);
        }
        history.save(store);

        assertThat(store.packages).hasSizeLessThanOrEqualTo(50_000).hasSameSizeAs(history.packages());
        Predicate<History.PackageLine> isThere =
                line -> store.packages.containsKey(new HistoryStore.Key(line.name(), line.system()));
        assertThat(history.packages()).allMatch(isThere);
    }
}
