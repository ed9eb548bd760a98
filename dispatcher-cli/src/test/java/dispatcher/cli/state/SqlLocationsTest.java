package dispatcher.cli.state;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StorePath;
import dispatcher.store.LocationStore.KnownPath;
import dispatcher.store.Locations;
import dispatcher.testkit.FakeStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SqlLocationsTest extends StateDatabaseFixture {
    /// After a restart.
    private Locations reloaded(String... machines) {
        restart();
        return Locations.load(state.locations(), Set.of(machines));
    }

    private List<KnownPath> all() throws Exception {
        var all = new ArrayList<KnownPath>();
        state.locations().load(all::add);
        return all;
    }

    @Test
    void aRestartForgetsNothing() {
        var locations = reloaded("one", "two");
        locations.add(List.of(A, B), "one");
        locations.add(List.of(B), "two");
        locations.addContents(List.of(INFO_A));
        locations.save();

        assertThat(reloaded("one", "two").of(B)).containsExactly("one", "two");
        assertThat(reloaded("one", "two").of(A)).containsExactly("one");
        assertThat(reloaded("one", "two").contents().agrees(INFO_A)).isTrue();
    }

    @Test
    void whatIsBuiltIsWrittenAtOnceBesideWhatWasSaved() {
        var locations = reloaded("one", "two");
        locations.add(List.of(A), "one");
        locations.save();
        reloaded("one", "two").addBuilt(List.of(INFO_A, INFO_B), "two");
        var again = reloaded("one", "two");

        assertThat(again.of(A)).containsExactly("one", "two");
        assertThat(again.of(B)).containsExactly("two");
        assertThat(again.contents().agrees(INFO_B)).isTrue();
        again.addBuilt(List.of(INFO_B), "one");
        again.save();
        assertThat(reloaded("one", "two").of(B)).containsExactly("one", "two");
    }

    @Test
    void whatAMachineDoesNotHaveAnyMoreIsRemoved() throws Exception {
        var locations = reloaded("one", "two");
        locations.add(List.of(A, B), "one");
        locations.add(List.of(A), "two");
        locations.save();
        locations.remove(List.of(A, B), "one");
        locations.save();

        assertThat(all()).singleElement().satisfies(known -> {
            assertThat(known.path()).isEqualTo(A);
            assertThat(known.machines()).containsExactly("two");
        });
    }

    @Test
    void machinesThatHaveGoneAreForgottenForGood() throws Exception {
        var locations = reloaded("one", "two");
        locations.add(List.of(A, B), "one");
        locations.add(List.of(B), "two");
        locations.save();
        reloaded("two").save();

        assertThat(reloaded("one", "two").of(A)).isEmpty();
        assertThat(reloaded("one", "two").of(B)).containsExactly("two");
        assertThat(all()).hasSize(1);
    }

    @Test
    void everythingCanBeWrittenAnew() throws Exception {
        var locations = reloaded("one");
        locations.add(List.of(A), "one");
        locations.save();
        var b = new KnownPath(B, new TreeSet<>(Set.of("two", "three")), List.of());
        state.locations().replaceAll(List.of(b));

        assertThat(all()).containsExactly(b);
    }

    @Test
    @Tag("slow")
    void manyPathsAreWrittenInPieces() throws Exception {
        var paths = new ArrayList<StorePath>();
        for (int i = 0; i < 5000; i++) paths.add(FakeStore.path("p" + i));
        var locations = reloaded("one");
        locations.add(paths, "one");
        locations.save();

        assertThat(all()).extracting(KnownPath::path).containsExactlyInAnyOrderElementsOf(paths);
    }
}
