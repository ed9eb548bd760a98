package dispatcher.cli.state;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.history.Estimate;
import dispatcher.history.History;
import dispatcher.history.HistoryStore;
import dispatcher.nix.attributes.PackageName;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SqlHistoryTest extends StateDatabaseFixture {
    private static final String X86 = "x86_64-linux";
    private static final PackageName HELLO = new PackageName("hello");
    private static final PackageName LIBC = new PackageName("glibc");

    /// After a restart.
    private History load() {
        restart();
        return History.load(state.history(), Duration.ofSeconds(30), new ManualClock());
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
        before.save(state.history());
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
        before.save(state.history());

        assertThat(load().expect(perl, X86)).isEqualTo(before.expect(perl, X86));
    }

    @Test
    void whatIsForgottenStaysForgotten() {
        var before = full();
        before.save(state.history());
        before.forget(HELLO);
        before.save(state.history());

        assertThat(load().packages())
                .extracting(History.PackageLine::name)
                .containsExactly(LIBC, new PackageName("hello:fetch"));
    }

    @Test
    void everythingCanBeWrittenAnew() throws Exception {
        full().save(state.history());
        var contents = state.history().load();
        var one = Map.copyOf(contents.packages().entrySet().stream()
                .limit(1)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
        state.history().replaceAll(new HistoryStore.Contents(Map.of(), one));

        assertThat(load().packages()).hasSize(1);
        assertThat(load().machines()).isEmpty();
    }

    @Test
    void aPackageTakesLittleOfTheDisk() throws Exception {
        var history = load();
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
        for (int i = 0; i < 1000; i++)
            for (int j = 0; j < 20; j++) history.built(new PackageName("p" + i), X86, "a", Duration.ofMillis(1234 + j));
        history.save(state.history());
        state.close();
        assertThat(Files.size(directory.resolve("state.sqlite"))).isLessThan(1000 * 400);
    }

    /// Files could not keep those with a tab in their names.
    @Test
    void aMachineIsKeptWhateverItsName() {
        var history = load();
        history.setMachines(List.of(Machines.machine("a\tb", 1, 1), Machines.machine("c", 1, 1)));
        history.built(HELLO, X86, "a\tb", Duration.ofSeconds(1));
        history.built(LIBC, X86, "c", Duration.ofSeconds(1));
        history.save(state.history());
        assertThat(load().packages()).extracting(History.PackageLine::name).containsExactly(LIBC, HELLO);
        assertThat(load().machines()).isEqualTo(history.machines());
    }
}
