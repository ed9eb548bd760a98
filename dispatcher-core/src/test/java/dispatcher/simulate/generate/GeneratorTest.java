package dispatcher.simulate.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.simulate.model.Job;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratorTest {
    private static final List<Mix> MACHINES = List.of(Mix.parse("2x4"));

    private static final String PACKAGES = """
            Package: a
            Installed-Size: 1000
            Depends: b (>= 1), nowhere | virtual,
             c:any [amd64]

            Package: b
            Depends: a
            Installed-Size: 300

            Package: c
            Description: one
             that goes on
            Provides: virtual (= 2)
            Pre-Depends: c, d
            """;

    @ParameterizedTest
    @EnumSource
    void aSeedAlwaysGivesTheSameAndAnotherSomethingElse(Generator generator) {
        var made = generator.make(7);
        assertThat(generator.make(7)).isEqualTo(made);
        assertThat(made.jobs()).isNotEqualTo(generator.make(8).jobs());
        assertThat(made.jobs()).hasSize(generator.builds());
        assertThat(generator.make(7, 1, MACHINES).jobs()).hasSize(1);
    }

    @Test
    void dependenciesOfPackagesAreAGraphWithoutCircles() {
        var packages = new DebianPackages(Integer.MAX_VALUE);
        PACKAGES.lines().forEach(packages::line);
        var scenario = packages.scenario("d", 1, MACHINES);
        assertThat(scenario.jobs().stream().collect(Collectors.toMap(Job::id, Job::needs)))
                .containsOnlyKeys("a", "b", "c")
                .containsEntry("a", List.of("b", "c"))
                .containsEntry("b", List.of())
                .containsEntry("c", List.of());
        assertThat(scenario.jobs().getFirst().work()).hasSeconds(6);
    }

    @Test
    void aPackagesFileThatIsNoneIsRefused() {
        assertThatThrownBy(() -> new DebianPackages(9).line("hello"))
                .hasMessage("the line is no field: it has no colon");
        assertThatThrownBy(() -> new DebianPackages(9).line(" hello")).hasMessage("the line goes on with nothing");
        assertThatThrownBy(() -> new DebianPackages(9).scenario("d", 1, MACHINES))
                .hasMessage("the file has no package in it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"4x8", "2x16@2.5+big-parallel+kvm", "3x4~10", "1x1@0.5~0.25"})
    void mixesAreWrittenAsTheyAreRead(String text) {
        assertThat(Mix.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "4", "4x", "0x8", "4x0", "4x8@0", "4x8~0", "99999x1", "4x8+", "4x8@-1"})
    void whatIsNoMixIsRefused(String text) {
        assertThatThrownBy(() -> Mix.parse(text)).hasMessageContaining("'" + text + "' is no mix of machines");
    }
}
