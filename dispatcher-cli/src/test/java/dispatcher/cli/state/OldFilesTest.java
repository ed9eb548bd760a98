package dispatcher.cli.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dispatcher.history.History;
import dispatcher.history.HistoryStore;
import dispatcher.nix.attributes.PackageName;
import dispatcher.store.Fingerprint;
import dispatcher.store.Locations;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What versions without a database left behind.
class OldFilesTest extends StateDatabaseFixture {
    private static final String X86 = "x86_64-linux";
    private static final PackageName HELLO = new PackageName("hello");
    private static final String HISTORY = """
            dispatcher-history 1
            machine\ta\t2.0\t0.6931472 0.7\t0.0\t0.0
            machine\tb\t1.0\t\t1.23456789E8\t7.0
            package\thello\tx86_64-linux\t20\t1767225600\t12345678\t2.001 2.002\t0 1\t8.589935E9\t0.0 80.0
            package\thello:fetch\tbuiltin\t1\t1767225600\t0\t1.0\t1\t\t
            """;

    private History history() {
        return History.load(state.history(), Duration.ofSeconds(30), new ManualClock());
    }

    private Locations locations() {
        return Locations.load(state.locations(), Set.of("one", "two"));
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private static String locationsText() {
        return "dispatcher-locations 2\n%s\t%s\tone\ttwo\n%s\t\tone\n%s\t%s\ttwo\n"
                .formatted(A.baseName(), Fingerprint.of(INFO_A), B.baseName(), B.baseName(), Fingerprint.of(INFO_B));
    }

    @Test
    void areTakenOverOnce() throws Exception {
        write("history", HISTORY);
        write("locations", locationsText());
        write("drained", "former\nother\n");
        for (int start = 0; start < 2; start++) {
            restart();
            assertThat(state.drains().load())
                    .containsOnly(entry("former", Drain.UNKNOWN), entry("other", Drain.UNKNOWN));
            var hello = history().packages().getFirst();
            assertThat(hello.name()).isEqualTo(HELLO);
            assertThat(hello.builds()).isEqualTo(20);
            assertThat(hello.lastSeen()).isEqualTo(Instant.ofEpochSecond(1_767_225_600));
            assertThat(hello.outputBytes()).isEqualTo(OptionalLong.of(12_345_678));
            assertThat(hello.behind()).isEqualTo(Duration.ofSeconds(80));
            assertThat(hello.estimate().orElseThrow().samples()).isEqualTo(2);
            assertThat(history().packages()).hasSize(2);
            assertThat(history().machines())
                    .extracting(History.MachineLine::bandwidth)
                    .containsExactly(OptionalLong.empty(), OptionalLong.of(17_636_684));
            assertThat(locations().of(A)).containsExactly("one", "two");
            assertThat(locations().of(B)).containsExactly("one", "two");
            assertThat(locations().contents().agrees(INFO_A)).isTrue();
            assertThat(locations().contents().agrees(INFO_B)).isTrue();
        }
        for (var name : List.of("history", "locations", "drained")) {
            assertThat(directory.resolve(name)).doesNotExist();
            assertThat(directory.resolve(name + ".taken-over")).exists();
        }
        state.drains().save(new TreeMap<>());
        restart();
        assertThat(state.drains().load()).isEmpty();
    }

    /// As after the program of an earlier version was used for a while.
    @Test
    void thatAreThereAgainAreTakenOverBesideWhatIsKnown() throws Exception {
        write("history", HISTORY);
        write("drained", "former\n");
        assertThat(history().packages()).hasSize(2);
        write("drained", "again\n");
        write("history", HISTORY.replace("hello:fetch", "new").replace("\t20\t", "\t21\t"));
        restart();
        assertThat(state.drains().load()).containsOnlyKeys("again", "former");
        assertThat(history().packages()).extracting(History.PackageLine::builds).containsExactly(21L, 1L, 1L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "dispatcher-history 2\n",
                "dispatcher-history 1\nnonsense\n",
                "dispatcher-history 1\nmachine\ta\t0\t\t0\t0\n",
                "dispatcher-history 1\nmachine\ta\tNaN\t\t0\t0\n",
                "dispatcher-history 1\nmachine\ta\t1e300\t\t0\t0\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t1\t0\t1.0\t0\t\t\n",
                "dispatcher-history 1\npackage\the llo\tx\t1\t1\t0\t\t\t\t\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t99999999999999999\t0\t\t\t\t\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t1\t0\t\t\t1 2 3 4 5 6 7 8\t\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t1\t0\t\t\t-1\t\n"
            })
    void aFileThatIsNotToBeUnderstoodIsSetAsideAndTheOthersAreTakenOver(String text) throws IOException {
        write("history", text);
        write("drained", "former\n");
        var history = history();
        assertThat(history.packages()).isEmpty();
        assertThat(directory.resolve("history")).doesNotExist();
        assertThat(directory.resolve("history.broken")).hasContent(text);
        assertThat(state.drains().load()).containsOnlyKeys("former");
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
        history.built(HELLO, X86, "a", Duration.ofSeconds(1));
        history.save(state.history());
        restart();
        assertThat(history().packages()).hasSize(1);
    }

    /// A disk that lost or changed some of it.
    @Test
    @Tag("slow")
    void damageAnywhereLosesTheFileAtMost() {
        var whole = HISTORY.getBytes(StandardCharsets.UTF_8);
        Seeds.run(200, random -> {
            var damaged = random.nextBoolean() ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int i = random.nextInt(4); i > 0 && damaged.length > 0; i--)
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            try {
                state.history().replaceAll(new HistoryStore.Contents(Map.of(), Map.of()));
                Files.write(directory.resolve("history"), damaged);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            restart();
            var history = history();
            for (var line : history.packages()) {
                assertThat(history.remainingPath(line.name(), line.system()).isNegative())
                        .isFalse();
                assertThat(history.expect(line.name(), line.system()).high().isNegative())
                        .isFalse();
            }
            for (var machine : history.machines())
                assertThat(machine.effective()).isPositive().isFinite();
            assertThat(directory.resolve("history")).doesNotExist();
        });
    }

    @Test
    void locationsThatAreNotUnderstoodAreAsGoodAsNone() throws Exception {
        for (var text : List.of(
                "",
                "else\n%s\tone\n".formatted(A.baseName()),
                "dispatcher-locations 2\n%s\t\tone\nno path\t\tone\n".formatted(A.baseName()),
                "dispatcher-locations 2\n%s\tno fingerprint\tone\n".formatted(A.baseName()))) {
            write("locations", text);
            restart();
            assertThat(locations().of(A)).as(text).isEmpty();
            assertThat(directory.resolve("locations.broken")).hasContent(text);
        }
        Files.write(directory.resolve("locations"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        restart();
        assertThat(locations().of(A)).isEmpty();
    }

    @Test
    void lineThatACrashCutOffIsLeftOut() throws Exception {
        var text = "dispatcher-locations 2\n%s\t\tone\n%s\t\tone\n".formatted(A.baseName(), B.baseName());
        for (int cut = 1; cut < text.length() - text.indexOf(B.baseName()); cut += 7) {
            write("locations", text.substring(0, text.length() - cut));
            restart();
            assertThat(locations().of(A)).containsExactly("one");
            assertThat(locations().of(B)).isEmpty();
        }
    }

    /// Without what the paths hold.
    @Test
    void locationsOfTheFirstVersionAreUnderstood() throws Exception {
        write("locations", "dispatcher-locations 1\n%s\tone\ttwo\n".formatted(A.baseName()));
        assertThat(locations().of(A)).containsExactly("one", "two");
        assertThat(locations().contents().count(A)).isZero();
    }

    @Test
    void namesOfDrainedMachinesThatAreNoTextAreSetAside() throws Exception {
        Files.write(directory.resolve("drained"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(state.drains().load()).isEmpty();
        assertThat(directory.resolve("drained.broken")).exists();
    }

    @Test
    void aCommandTakesThemOverToo() throws Exception {
        write("history", HISTORY);
        close();
        state = StateDatabase.existingIn(directory);
        assertThat(history().packages()).hasSize(2);
        assertThat(directory.resolve("state.sqlite")).exists();
    }
}
