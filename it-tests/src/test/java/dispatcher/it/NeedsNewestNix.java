package dispatcher.it;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Runs the tests only where a [Fleet] can be started and [NewestNix] can be had. The first test to ask for it
/// fetches it, which takes about two minutes and a mirror; elsewhere the tests are skipped, and the reason is
/// printed.
@NeedsNamespaces
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsNewestNix.Condition.class)
public @interface NeedsNewestNix {

    /// Asks [NewestNix].
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            Result result = NewestNix.prepared();
            if (result.exit() == NewerNix.UNAVAILABLE) {
                return Skips.skip(context, result.err().strip());
            }
            return ConditionEvaluationResult.enabled(result.orFail().out());
        }
    }
}
