package dispatcher.store;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocationsTest {
    private static final PathInfo INFO_A = FakeStore.info("a", NarTree.file("a"));
    private static final PathInfo INFO_B = FakeStore.info("b", NarTree.file("b"), INFO_A.path());
    private static final StorePath A = INFO_A.path();
    private static final StorePath B = INFO_B.path();

    @TempDir
    private Path dir;

    private final Locations locations = new Locations();

    private Locations reloaded(String... machines) {
        locations.save(file());
        return Locations.load(file(), Set.of(machines));
    }

    private Path file() {
        return dir.resolve("locations");
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
    void whatIsNewIsWrittenAndNothingElse() throws Exception {
        assertThat(reloaded("one").of(A)).isEmpty();
        assertThat(file()).as("nothing to write").doesNotExist();
        locations.add(List.of(A), "one");
        locations.save(file());
        Files.delete(file());
        locations.save(file());
        assertThat(file()).as("nothing new").doesNotExist();
        locations.remove(List.of(A), "one");
        assertThat(reloaded("one").of(A)).isEmpty();
        assertThat(file()).exists();
    }

    @Test
    void aFileThatIsNotUnderstoodIsAsGoodAsNone() throws Exception {
        for (var text : List.of(
                "",
                "else\n%s\tone\n".formatted(A),
                "dispatcher-locations 2\n%s\t\tone\nno path\t\tone\n".formatted(A),
                "dispatcher-locations 2\n%s\tno fingerprint\tone\n".formatted(A))) {
            Files.writeString(file(), text);
            assertThat(Locations.load(file(), Set.of("one")).of(A)).as(text).isEmpty();
        }
        Files.write(file(), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(Locations.load(file(), Set.of("one")).of(A)).isEmpty();
    }

    @Test
    void whatIsBuiltIsWrittenAtOnceBesideWhatWasSaved() {
        locations.add(List.of(A), "one");
        locations.save(file());
        Locations.load(file(), Set.of("one", "two")).addBuilt(List.of(INFO_A, INFO_B), "two");
        var again = Locations.load(file(), Set.of("one", "two"));

        assertThat(again.of(A)).containsExactly("one", "two");
        assertThat(again.of(B)).containsExactly("two");
        again.addBuilt(List.of(INFO_B), "one");
        again.save(file());
        assertThat(Locations.load(file(), Set.of("one", "two")).of(B)).containsExactly("one", "two");
    }

    @Test
    void whatIsBuiltFirstOfAllIsWrittenToo() {
        Locations.load(file(), Set.of()).addBuilt(List.of(INFO_A), "one");

        assertThat(Locations.load(file(), Set.of("one")).of(A)).containsExactly("one");
    }

    @Test
    void lineThatACrashCutOffIsLeftOutAndNothingIsJoinedToIt() throws Exception {
        Locations.load(file(), Set.of()).addBuilt(List.of(INFO_A, INFO_B), "one");
        var text = Files.readString(file());
        for (int cut = 1; cut < text.length() - text.indexOf(B.baseName()); cut++) {
            Files.writeString(file(), text.substring(0, text.length() - cut));
            var known = Locations.load(file(), Set.of("one"));
            assertThat(known.of(A)).containsExactly("one");
            assertThat(known.of(B)).isEmpty();
            known.addBuilt(List.of(INFO_B), "one");
            assertThat(Locations.load(file(), Set.of("one")).of(B)).containsExactly("one");
        }
    }

    @Test
    void whatABuiltPathHoldsIsRememberedOverACrash() {
        Locations.load(file(), Set.of()).addBuilt(List.of(INFO_B), "one");
        var again = Locations.load(file(), Set.of("one")).contents();

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
        locations.save(file());
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

    /// Without what the paths hold; what is written from then on has that.
    @Test
    void fileOfAnEarlierVersionIsUnderstood() throws Exception {
        Files.writeString(file(), "dispatcher-locations 1\n%s\tone\ttwo\n".formatted(A));
        var known = Locations.load(file(), Set.of("one", "two"));
        assertThat(known.of(A)).containsExactly("one", "two");
        assertThat(known.contents().count(A)).isZero();
        known.addBuilt(List.of(INFO_B), "one");
        var again = Locations.load(file(), Set.of("one", "two"));

        assertThat(again.of(A)).containsExactly("one", "two");
        assertThat(again.of(B)).containsExactly("one");
        assertThat(again.contents().agrees(INFO_B)).isTrue();
    }
}
