package dispatcher.store;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryLocationStore;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class LocationsTest {
    private static final PathInfo INFO_A = FakeStore.info("a", NarTree.file("a"));
    private static final PathInfo INFO_B = FakeStore.info("b", NarTree.file("b"), INFO_A.path());
    private static final StorePath A = INFO_A.path();
    private static final StorePath B = INFO_B.path();

    private final MemoryLocationStore store = new MemoryLocationStore();
    private final Locations locations = Locations.load(store, Set.of());

    private Locations reloaded(String... machines) {
        locations.save();
        return Locations.load(store, Set.of(machines));
    }

    @Test
    void aPathMayBeOnSeveralMachines() {
        locations.add(List.of(A, B), "two");
        locations.add(List.of(A), "one");
        locations.add(List.of(A), "one");

        assertThat(locations.of(A)).containsExactly("one", "two");
        assertThat(locations.of(B)).containsExactly("two");
    }

    @Test
    void aMachineThatSaysOtherwiseIsForgottenForThatPath() {
        locations.add(List.of(A, B), "one");
        locations.add(List.of(A), "two");
        locations.remove(List.of(A, B), "one");

        assertThat(locations.of(A)).containsExactly("two");
        assertThat(locations.of(B)).isEmpty();
    }

    @Test
    void aRestartForgetsNothing() {
        locations.add(List.of(A, B), "one");
        locations.add(List.of(B), "two");

        assertThat(reloaded("one", "two").of(B)).containsExactly("one", "two");
        assertThat(reloaded("one", "two").of(A)).containsExactly("one");
    }

    @Test
    void machinesThatHaveGoneAreForgotten() {
        locations.add(List.of(A, B), "one");
        locations.add(List.of(B), "two");

        assertThat(reloaded("two").of(A)).isEmpty();
        assertThat(reloaded("two").of(B)).containsExactly("two");
    }

    @Test
    void whatIsNewIsWrittenAndNothingElse() {
        assertThat(reloaded("one").of(A)).isEmpty();
        assertThat(store.writes()).as("nothing to write").isZero();
        locations.add(List.of(A), "one");
        locations.save();
        locations.add(List.of(A), "one");
        locations.remove(List.of(A), "two");
        locations.save();
        assertThat(store.writes()).as("nothing new").isEqualTo(1);
        locations.remove(List.of(A), "one");
        assertThat(reloaded("one").of(A)).isEmpty();
        assertThat(store.writes()).isEqualTo(2);
        assertThat(store.paths()).isEmpty();
    }

    @Test
    void whatCannotBeReadIsAsGoodAsNone() {
        var damaged = Locations.load(new BrokenStore(), Set.of("one"));

        assertThat(damaged.of(A)).isEmpty();
        damaged.add(List.of(A), "one");
        assertThat(damaged.of(A)).containsExactly("one");
    }

    private static final class BrokenStore implements LocationStore {
        @Override
        public void load(Consumer<KnownPath> each) throws IOException {
            throw new IOException("damaged");
        }

        @Override
        public void save(Collection<KnownPath> paths) throws IOException {
            throw new IOException("damaged");
        }

        @Override
        public void replaceAll(Collection<KnownPath> paths) throws IOException {
            throw new IOException("damaged");
        }
    }

    @Test
    void whatCannotBeWrittenIsWrittenTheNextTime() {
        store.setFull(true);
        locations.addBuilt(List.of(INFO_A), "one");
        locations.add(List.of(B), "one");
        locations.save();
        assertThat(locations.of(B)).containsExactly("one");
        assertThat(store.paths()).isEmpty();
        store.setFull(false);

        assertThat(reloaded("one").of(A)).containsExactly("one");
        assertThat(reloaded("one").of(B)).containsExactly("one");
    }

    private static StorePath path(int number) {
        var digits = Integer.toString(number);
        return StorePath.of("0".repeat(32 - digits.length()) + digits, "p");
    }

    /// So that a disk that is full for days costs no memory.
    @Test
    @Tag("slow")
    void ofVeryManyChangesThatCannotBeWrittenTheLastStateIsWritten() {
        locations.add(List.of(A), "gone");
        locations.save();
        store.setFull(true);
        locations.remove(List.of(A), "gone");
        for (int i = 0; i <= 200_000; i++) locations.add(List.of(path(i)), "one");
        locations.save();
        store.setFull(false);
        locations.save();

        assertThat(store.paths())
                .hasSizeBetween(150_000, 200_000)
                .noneMatch(known -> known.path().equals(A));
    }

    @Test
    @Tag("slow")
    void pathsOfLeastUseAreForgottenWhereTheyAreWrittenToo() {
        for (int i = 0; i < 210_000; i++) {
            locations.add(List.of(path(i)), "one");
            if (i % 50_000 == 0) locations.save();
        }
        locations.save();

        assertThat(store.paths()).hasSizeLessThanOrEqualTo(200_000);
    }

    @Test
    void whatIsBuiltIsWrittenAtOnceBesideWhatWasSaved() {
        locations.add(List.of(A), "one");
        locations.save();
        Locations.load(store, Set.of("one", "two")).addBuilt(List.of(INFO_A, INFO_B), "two");
        var again = Locations.load(store, Set.of("one", "two"));

        assertThat(again.of(A)).containsExactly("one", "two");
        assertThat(again.of(B)).containsExactly("two");
        again.addBuilt(List.of(INFO_B), "one");
        again.save();
        assertThat(Locations.load(store, Set.of("one", "two")).of(B)).containsExactly("one", "two");
    }

    @Test
    void whatIsBuiltFirstOfAllIsWrittenToo() {
        Locations.load(store, Set.of()).addBuilt(List.of(INFO_A), "one");

        assertThat(Locations.load(store, Set.of("one")).of(A)).containsExactly("one");
    }

    @Test
    void whatABuiltPathHoldsIsRememberedOverACrash() {
        Locations.load(store, Set.of()).addBuilt(List.of(INFO_B), "one");
        var again = Locations.load(store, Set.of("one")).contents();

        assertThat(again.agrees(INFO_B)).isTrue();
        assertThat(again.agrees(INFO_A)).isFalse();
        assertThat(again.agrees(FakeStore.info("b", NarTree.file("b"))))
                .as("with other references")
                .isFalse();
        assertThat(again.agrees(FakeStore.info("b", NarTree.file("c"), A)))
                .as("with another NAR")
                .isFalse();
    }

    @Test
    void whatClientsSaidThatAPathHoldsIsRememberedOverARestartIfAMachineHasIt() {
        var other = FakeStore.info("a", NarTree.file("another build of it"));
        locations.addContents(List.of(INFO_A, other, INFO_B));
        locations.add(List.of(A), "one");
        var again = reloaded("one").contents();

        assertThat(again.agrees(INFO_A)).isTrue();
        assertThat(again.agrees(other)).isTrue();
        assertThat(again.count(A)).isEqualTo(2);
        assertThat(again.count(B)).isZero();
    }

    @Test
    void contentIsNewsToBeWritten() {
        locations.add(List.of(A), "one");
        locations.save();
        locations.addContents(List.of(INFO_A));

        assertThat(reloaded("one").contents().agrees(INFO_A)).isTrue();
    }

    @Test
    void ofAPathThatIsDifferentEachTimeTheLastContentsAreRemembered() {
        for (int i = 0; i < 10; i++) locations.addContents(List.of(FakeStore.info("a", NarTree.file("build " + i))));
        var contents = locations.contents();

        assertThat(contents.count(A)).isEqualTo(4);
        assertThat(contents.agrees(FakeStore.info("a", NarTree.file("build 9"))))
                .isTrue();
        assertThat(contents.agrees(FakeStore.info("a", NarTree.file("build 0"))))
                .isFalse();
    }
}
