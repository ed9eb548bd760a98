package dispatcher.it;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/// Runs the tests only where a [Fleet] can be started and a container engine answers: that of `DOCKER_HOST` or
/// the usual one. None is ever started; `it-tests/fleet/container-engine` does that on request. Elsewhere
/// the tests are skipped, and the reason is printed.
@NeedsNamespaces
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsContainers.Condition.class)
public @interface NeedsContainers {

    /// Asks Testcontainers, which asks once per JVM.
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String why = "no container engine answers";
            try {
                if (DockerClientFactory.instance().isDockerAvailable()) {
                    return ConditionEvaluationResult.enabled("a container engine answers");
                }
            } catch (RuntimeException e) {
                // One without a bridge, say, for which Testcontainers finds no address.
                why = "the container engine here is of no use to Testcontainers: " + e.getMessage();
            }
            return Skips.skip(context, why + "; it-tests/fleet/container-engine DIR ./check runs one for it");
        }
    }
}
