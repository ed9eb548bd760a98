package dispatcher.history;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.attributes.PackageName;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HistoryFileTest {
    private static final String X86 = "x86_64-linux";
    private static final PackageName HELLO = new PackageName("hello");
    private static final PackageName LIBC = new PackageName("glibc");

    @TempDir
    private Path dir;

    private Path file() {
        return dir.resolve("state/history");
    }

    private History load() {
        return History.load(file(), Duration.ofSeconds(30), new ManualClock());
    }

    private History full() {
        var history = load();
        history.setMachines(List.of(Machines.machine("a", 1, 2), Machines.machine("b", 1, 1)));
        for (int i = 1; i <= 20; i++) {
            history.requested(2L * i, LIBC, X86, List.of());
            history.made(2L * i, List.of(FakeStore.path("libc" + i)));
            history.built(LIBC, X86, "a", Duration.ofSeconds(40));
            history.requested(2L * i + 1, HELLO, X86, List.of(FakeStore.path("libc" + i)));
            history.built(HELLO, X86, i % 2 == 0 ? "a" : "b", Duration.ofMillis(2000 + i));
            history.completed(2L * i + 1, "a", Duration.ofSeconds(2));
        }
        history.built(HELLO, "aarch64-linux", "b", Duration.ofSeconds(9));
        history.built(new PackageName("hello:fetch"), "builtin", "b", Duration.ofSeconds(1));
        history.peakMemory(HELLO, X86, 1L << 33);
        history.outputBytes(HELLO, X86, 12_345_678);
        history.copied("b", 123_456_789, 0, 7_000_000_000L);
        return history;
    }

    @Test
    void aRestartForgetsNothing() {
        var before = full();
        before.save(file());
        var after = load();
        assertThat(after.packages()).isEqualTo(before.packages()).hasSize(4);
        assertThat(after.machines()).isEqualTo(before.machines()).hasSize(2);
        assertThat(after.remainingPath(LIBC, X86)).isEqualTo(before.remainingPath(LIBC, X86));
        assertThat(after.remainingPath(LIBC, X86))
                .isGreaterThan(after.expect(LIBC, X86).median());
        assertThat(after.expect(new PackageName("unknown"), X86).basis()).isEqualTo(Estimate.Basis.SYSTEM);
    }

    @Test
    void aRestartForgetsNoKin() {
        var before = full();
        for (var name : List.of("perl5.40-a", "perl5.40-b", "perl5.40-c"))
            before.built(new PackageName(name), X86, "b", Duration.ofSeconds(5));
        var perl = new PackageName("perl5.40-new");
        assertThat(before.expect(perl, X86).basis()).isEqualTo(Estimate.Basis.KIN);
        before.save(file());

        assertThat(load().expect(perl, X86)).isEqualTo(before.expect(perl, X86));
    }

    @Test
    void nothingNewIsNotWritten() throws IOException {
        full().save(file());
        var history = load();
        Files.delete(file());
        history.save(file());
        assertThat(file()).doesNotExist();
        history.built(HELLO, X86, "a", Duration.ofSeconds(1));
        history.save(file());
        assertThat(file()).exists();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "dispatcher-history 2\n",
                "dispatcher-history 1\nnonsense\n",
                "dispatcher-history 1\nmachine\ta\t0\t\t0\t0\n",
                "dispatcher-history 1\nmachine\ta\tNaN\t\t0\t0\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t1\t0\t1.0\t0\t\t\n",
                "dispatcher-history 1\npackage\the llo\tx\t1\t1\t0\t\t\t\t\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t99999999999999999\t0\t\t\t\t\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t1\t0\t\t\t1 2 3 4 5 6 7 8\t\n",
                "dispatcher-history 1\npackage\thello\tx\t1\t1\t0\t\t\t-1\t\n"
            })
    void aFileThatIsNotToBeUnderstoodIsSetAsideAndTheServiceGoesOn(String text) throws IOException {
        Files.createDirectories(dir.resolve("state"));
        Files.writeString(file(), text);
        var history = load();
        assertThat(history.packages()).isEmpty();
        assertThat(file()).doesNotExist();
        assertThat(dir.resolve("state/history.broken")).hasContent(text);
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
        history.built(HELLO, X86, "a", Duration.ofSeconds(1));
        history.save(file());
        assertThat(load().packages()).hasSize(1);
    }

    /// A disk that lost or changed some of it.
    @Test
    void damageAnywhereLosesTheFileAtMost() throws IOException {
        full().save(file());
        var whole = Files.readAllBytes(file());
        Seeds.run(200, random -> {
            var damaged =
                    random.nextBoolean() ? java.util.Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int i = random.nextInt(4); i > 0 && damaged.length > 0; i--)
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            try {
                Files.write(file(), damaged);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            var history = load();
            for (var line : history.packages()) {
                assertThat(history.remainingPath(line.name(), line.system()).isNegative())
                        .isFalse();
                assertThat(history.expect(line.name(), line.system()).high().isNegative())
                        .isFalse();
            }
            for (var machine : history.machines())
                assertThat(machine.effective()).isPositive().isFinite();
        });
    }

    @Test
    void isTextThatOnePackageALineTakesLittleOf() throws IOException {
        var history = load();
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
        for (int i = 0; i < 1000; i++)
            for (int j = 0; j < 20; j++) history.built(new PackageName("p" + i), X86, "a", Duration.ofMillis(1234 + j));
        history.save(file());
        assertThat(Files.size(file())).isLessThan(1000 * 250);
        assertThat(Files.readString(file(), StandardCharsets.UTF_8))
                .startsWith("dispatcher-history 1\nmachine\ta\t1.0\t");
    }

    @Test
    void aMachineThatCannotStandInALineIsLeftOut() {
        var history = load();
        history.setMachines(List.of(Machines.machine("a\tb", 1, 1), Machines.machine("c", 1, 1)));
        history.built(HELLO, X86, "a\tb", Duration.ofSeconds(1));
        history.built(LIBC, X86, "c", Duration.ofSeconds(1));
        history.save(file());
        assertThat(load().packages()).extracting(History.PackageLine::name).containsExactly(LIBC);
    }
}
