package dispatcher.it;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Skipped tests, visibly: Maven's console only counts them.
public final class Skips {

    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private Skips() {}

    /// Skips the test or class at hand, and says so once on standard error.
    public static ConditionEvaluationResult skip(ExtensionContext context, String reason) {
        String line = "SKIPPED %s: %s".formatted(context.getRequiredTestClass().getSimpleName(), reason);
        if (SAID.add(line)) {
            System.err.println(line);
        }
        return ConditionEvaluationResult.disabled(reason);
    }
}
