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

/// Runs the tests only where a [Fleet] can be started and a container engine answers: that of `DOCKER_HOST` or the
/// usual
/// one. None is ever started; `it-tests/fleet/container-engine` does that for whoever asks. Elsewhere the tests are
/// skipped, and the reason is printed.
@NeedsNamespaces
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsContainers.Condition.class)
public @interface NeedsContainers {

    /// Asks Testcontainers, which asks once per JVM.
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if (DockerClientFactory.instance().isDockerAvailable()) {
                return ConditionEvaluationResult.enabled("a container engine answers");
            }
            return Skips.skip(
                    context,
                    "no container engine answers; it-tests/fleet/container-engine DIR ./check runs one for it");
        }
    }
}
