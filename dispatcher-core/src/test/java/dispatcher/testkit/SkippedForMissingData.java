package dispatcher.testkit;

import java.io.PrintStream;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/// Prints at the end of a module's tests which of them were skipped because data beside the checkout is missing (see
/// [NixVectors]): one line for each missing thing, nothing if all is there. A test factory that is skipped counts as
/// one test.
///
/// The JUnit Platform finds it by its service file. Its methods may be called by several threads at once.
public final class SkippedForMissingData implements TestExecutionListener {
    private final PrintStream out;
    private final Map<String, Skipped> byReason = new ConcurrentHashMap<>();

    /// The tests that were skipped for one reason.
    private record Skipped(AtomicInteger tests, SortedSet<String> classes) {}

    /// To the standard output.
    public SkippedForMissingData() {
        this(System.out);
    }

    SkippedForMissingData(PrintStream out) {
        this.out = out;
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() != Status.ABORTED) return;
        result.getThrowable().flatMap(NixVectors::missing).ifPresent(reason -> {
            // The set is changed inside compute only.
            byReason.compute(reason, (_, known) -> {
                var skipped = known == null ? new Skipped(new AtomicInteger(), new TreeSet<>()) : known;
                skipped.tests.incrementAndGet();
                skipped.classes.add(className(test));
                return skipped;
            });
        });
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        new TreeMap<>(byReason)
                .forEach((reason, skipped) -> out.println("SKIPPED: %s, as %s: %s"
                        .formatted(
                                skipped.tests.get() == 1 ? "1 test" : skipped.tests + " tests",
                                reason,
                                String.join(", ", skipped.classes))));
    }

    private static String className(TestIdentifier test) {
        var name = test.getSource()
                .map(source -> switch (source) {
                    case MethodSource method -> method.getClassName();
                    case ClassSource type -> type.getClassName();
                    default -> test.getDisplayName();
                })
                .orElse(test.getDisplayName());
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
