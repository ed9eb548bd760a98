package dispatcher.build.request;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.history.History;
import dispatcher.nix.attributes.PackageName;
import dispatcher.schedule.policy.Work.Basis;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LearnedExpectationsTest {
    private static final String X86 = "x86_64-linux";

    private final History history = new History(Duration.ofSeconds(30), new ManualClock());
    private final LearnedExpectations expectations = new LearnedExpectations(history);

    private void built(String name, long seconds) {
        history.setMachines(List.of(Machines.machine("a", 1, 1)));
        history.built(new PackageName(name), X86, "a", Duration.ofSeconds(seconds));
    }

    @Test
    void beforeAnyBuildNothingIsMeasured() {
        var work = expectations.work(new PackageName("hello"), X86);

        assertThat(work.basis()).isEqualTo(Basis.NONE);
        assertThat(work.isMeasured()).isFalse();
    }

    @Test
    void aBuildThatWasNotSeenTakesWhatItsKinTookAndRatherMore() {
        for (var name : List.of("go-a", "go-b", "go-c")) built(name, 10);
        for (var name : List.of("u", "v", "w", "x", "y", "z")) built(name, 1000);
        var work = expectations.work(new PackageName("go-d"), X86);

        assertThat(work.basis()).isEqualTo(Basis.OTHERS);
        assertThat(work.known()).isFalse();
        assertThat(work.expected()).as("between the median, 10 s, and 15 s").isEqualTo(Duration.ofMillis(12_500));
    }

    @Test
    void aBuildThatWasSeenTakesWhatItTook() {
        built("hello", 7);
        var work = expectations.work(new PackageName("hello"), X86);

        assertThat(work.basis()).isEqualTo(Basis.SEEN);
        assertThat(work.expected()).hasSeconds(7);
    }
}
