package dispatcher.ssh;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.tngtech.archunit.core.domain.JavaClasses;
import dispatcher.testkit.ArchitectureRules;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/// That of the program looks at these classes too.
@Tag("slow")
class ArchitectureTest {

    @TestFactory
    Stream<DynamicTest> wallsBetweenPackagesStand() {
        JavaClasses classes = ArchitectureRules.productClasses();
        return ArchitectureRules.all().map(rule -> dynamicTest(rule.getDescription(), () -> rule.check(classes)));
    }
}
