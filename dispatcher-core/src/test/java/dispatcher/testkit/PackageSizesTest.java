package dispatcher.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PackageSizesTest {

    @Test
    void knotIsThoseThatLeadToEachOther() {
        var dependencies = Map.of(
                "A", Set.of("B", "D"),
                "B", Set.of("C"),
                "C", Set.of("A"),
                "D", Set.of("E"),
                "E", Set.<String>of());

        assertThat(PackageSizes.knots(dependencies))
                .containsExactlyInAnyOrder(Set.of("A", "B", "C"), Set.of("D"), Set.of("E"));
    }

    @Test
    void nestedClassesCountWithTheOneThatTheyAreIn() {
        var here = new ClassFileImporter().importClasses(One.class, Two.class);

        classes().should(PackageSizes.haveNoKnotOfMoreThan(1)).check(here);
        classes().should(PackageSizes.haveNoMoreFilesThan(1)).check(here);
    }

    @Test
    void packageThatBreaksARuleIsNamed() {
        var here = new ClassFileImporter().importClasses(One.class, Two.class);

        assertThatThrownBy(() ->
                        classes().should(PackageSizes.haveNoKnotOfMoreThan(0)).check(here))
                .hasMessageContaining("package dispatcher.testkit: 1 classes depend on each other: PackageSizesTest");
        assertThatThrownBy(() ->
                        classes().should(PackageSizes.haveNoMoreFilesThan(0)).check(here))
                .hasMessageContaining("package dispatcher.testkit: has 1 source files");
    }

    /// Counted with the class that they are in.
    interface One {
        Two[] others();
    }

    record Two(One one) {}
}
