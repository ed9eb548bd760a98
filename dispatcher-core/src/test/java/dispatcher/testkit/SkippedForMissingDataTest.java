package dispatcher.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

class SkippedForMissingDataTest {
    /// Two tests and a test factory that want data that is nowhere.
    static final class Wanting {
        @Test
        void one() {
            NixVectors.shared("nowhere/one");
        }

        @Test
        void another() {
            NixVectors.shared("nowhere/other");
        }

        @TestFactory
        List<DynamicTest> several() {
            NixVectors.shared("nowhere");
            return List.of();
        }
    }

    static final class WantingToo {
        @Test
        void one() {
            NixVectors.shared("nowhere/one");
        }
    }

    /// Skipped for another reason.
    static final class Elsewhere {
        @Test
        void one() {
            Assumptions.abort("it is Sunday");
        }
    }

    static final class Content {
        @Test
        void one() {}
    }

    private static List<String> said(Class<?>... classes) {
        var said = new ByteArrayOutputStream();
        var request = LauncherDiscoveryRequestBuilder.request();
        for (var type : classes) request.selectors(selectClass(type));
        var launcher = LauncherFactory.create(LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .build());
        launcher.execute(
                request.build(), new SkippedForMissingData(new PrintStream(said, true, StandardCharsets.UTF_8)));
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void whatIsMissingIsSaidOnceWithAllTestsThatWereSkippedForIt() {
        assertThat(said(WantingToo.class, Wanting.class, Elsewhere.class))
                .containsExactly("SKIPPED: 4 tests, as ../shared/nowhere is not there:"
                        + " SkippedForMissingDataTest$Wanting, SkippedForMissingDataTest$WantingToo");
    }

    @Test
    void nothingIsSaidWhereNothingIsMissing() {
        assertThat(said(Content.class, Elsewhere.class)).isEmpty();
    }

    @Test
    void theTestsOfEveryModuleHaveIt() {
        assertThat(ServiceLoader.load(TestExecutionListener.class).stream())
                .anyMatch(it -> it.type() == SkippedForMissingData.class);
    }
}
