package dispatcher.history;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DependencyChainsTest {
    private static final String X86 = "x86_64-linux";

    private final History history = new History(Duration.ofSeconds(30), new ManualClock());
    private long builds;
    private int run;

    @BeforeEach
    void oneMachine() {
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
    }

    /// One build from request to end.
    private void build(String name, int seconds, String... inputs) {
        build(name, name, seconds, inputs);
    }

    private void build(String name, String output, int seconds, String... inputs) {
        long number = ++builds;
        history.requested(
                number,
                new PackageName(name),
                X86,
                Arrays.stream(inputs).map(this::path).toList());
        history.made(number, List.of(path(output)));
        history.built(new PackageName(name), X86, "a", Duration.ofSeconds(seconds));
        history.completed(number, "a", Duration.ofSeconds(seconds));
    }

    private StorePath path(String name) {
        return FakeStore.path(name + "-" + run);
    }

    private long remaining(String name) {
        return history.remainingPath(new PackageName(name), X86).toSeconds();
    }

    private void diamond() {
        run++;
        build("libc", 100);
        build("fast", 10, "libc");
        build("slow", 50, "libc");
        build("app", 20, "fast", "slow");
    }

    @Test
    void aBuildIsExpectedToBeFollowedByTheLongestChainThatWasSeen() {
        diamond();
        assertThat(remaining("libc")).isEqualTo(170);
        assertThat(remaining("slow")).isEqualTo(70);
        assertThat(remaining("fast")).isEqualTo(30);
        assertThat(remaining("app")).isEqualTo(20);
    }

    @Test
    void itIsKnownFromTheBeginningOfTheNextRun() {
        diamond();
        run++;
        history.requested(++builds, new PackageName("libc"), X86, List.of());
        assertThat(remaining("libc")).isEqualTo(170);
    }

    @Test
    void whatIsNotSeenAnyMoreFades() {
        diamond();
        for (int i = 0; i < 8; i++) {
            run++;
            build("libc", 100);
        }
        assertThat(remaining("libc")).isEqualTo(100);
    }

    @Test
    void ofWhatIsUnknownOnlyItselfIsExpected() {
        assertThat(remaining("unknown")).isEqualTo(30);
    }

    /// A package is built with an earlier build of itself.
    @Test
    void stagesOfOnePackageDoNotMakeAChainThatGrowsFromRunToRun() {
        for (int i = 0; i < 20; i++) {
            run++;
            build("gcc", "gcc-stage1", 10);
            build("libc", "libc-stage2", 5, "gcc-stage1");
            build("gcc", "gcc-stage3", 10, "libc-stage2");
        }
        // Stage 1 has the others behind it, which are 15 s; the stages count as runs of one package.
        assertThat(remaining("gcc")).isBetween(10L, 25L);
        assertThat(remaining("libc")).isEqualTo(15);
    }

    @Test
    void aLongChainIsKnownAfterItsFirstRun() {
        build("n0", 3);
        for (int n = 1; n < 200; n++) build("n" + n, 3, "n" + (n - 1));
        assertThat(remaining("n0")).isEqualTo(600);
        assertThat(remaining("n150")).isEqualTo(150);
    }
}
