package dispatcher.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PhasesTest {
    private static final String DRV = Pictures.HASH + "-x.drv";

    private final Pictures pictures = new Pictures();

    private String phase(String machine) {
        return pictures.phases.of(DRV, machine);
    }

    @Test
    void aBuildCopiesAndThenBuildsOnEachOfItsMachines() {
        pictures.event("placed", "x", "a", "");
        assertThat(phase("a")).isEqualTo("copying in");
        pictures.event("building", "x", "a", "").event("doubled", "x", "b", "");
        assertThat(phase("a")).isEqualTo("building");
        assertThat(phase("b")).isEqualTo("copying in");
        pictures.event("lost", "x", "a", "");
        assertThat(phase("a")).isEqualTo("-");
        assertThat(phase("b")).isEqualTo("copying in");
    }

    @Test
    void anEqualBuildThatSharesTheResultDoesNotEndTheFirst() {
        pictures.event("building", "x", "a", "").event("ended", "x", "", "shared");
        assertThat(phase("a")).isEqualTo("building");
        pictures.event("ended", "x", "a", "built");
        assertThat(phase("a")).isEqualTo("-");
    }

    @Test
    void onlySoManyBuildsAreRemembered() {
        pictures.event("placed", "x", "a", "");
        for (int number = 0; number < 20_000; number++) pictures.event("placed", "y" + number, "a", "");

        assertThat(phase("a")).isEqualTo("-");
        assertThat(pictures.phases.of(Pictures.HASH + "-y19999.drv", "a")).isEqualTo("copying in");
    }
}
