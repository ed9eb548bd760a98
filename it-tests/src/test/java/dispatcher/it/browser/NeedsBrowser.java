package dispatcher.it.browser;

import dispatcher.it.Skips;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Runs the tests only where Debian's Chromium and its driver are, which `./check` installs where they can be had.
/// Elsewhere they are skipped, and the reason is printed.
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsBrowser.Condition.class)
public @interface NeedsBrowser {

    /// Looks for the programs.
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return List.of(Browser.CHROMIUM, Browser.DRIVER).stream()
                    .filter(program -> !Files.isExecutable(Path.of(program)))
                    .findFirst()
                    .map(program -> Skips.skip(context, program + " is missing; ./check installs it on a Debian"))
                    .orElseGet(() -> ConditionEvaluationResult.enabled("Chromium is there"));
        }
    }
}
