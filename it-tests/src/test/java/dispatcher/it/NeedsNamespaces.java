package dispatcher.it;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Runs the tests only where a [Fleet] can be started: as root, on a Linux that lets root make namespaces, with Nix
/// and sshd installed in /usr. Elsewhere they are skipped, and the reason is printed.
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsNamespaces.Condition.class)
public @interface NeedsNamespaces {

    /// Finds out once per JVM.
    final class Condition implements ExecutionCondition {

        private static final List<String> PROGRAMS =
                List.of("/usr/bin/nix-daemon", "/usr/sbin/sshd", "/usr/bin/busybox");
        private static final Optional<String> OBSTACLE = findObstacle();

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return OBSTACLE.map(reason -> Skips.skip(context, reason))
                    .orElseGet(() -> ConditionEvaluationResult.enabled("namespaces can be made"));
        }

        private static Optional<String> findObstacle() {
            try {
                if (!Command.of("id", "-u").run().orFail().out().strip().equals("0")) {
                    return Optional.of("not root, so no builder machines can be made of namespaces");
                }
                Result unshare = Command.of("unshare", "-m", "-u", "-p", "-f", "mount", "-t", "tmpfs", "probe", "/mnt")
                        .run();
                if (!unshare.succeeded()) {
                    return Optional.of("no namespaces here: " + unshare.err().strip());
                }
                return PROGRAMS.stream()
                        .filter(program -> !Files.isExecutable(Path.of(program)))
                        .findFirst()
                        .map(program -> program + " is missing; ./check installs it on a Debian");
            } catch (IOException e) {
                return Optional.of("no namespaces here: " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.of("interrupted");
            }
        }
    }
}
