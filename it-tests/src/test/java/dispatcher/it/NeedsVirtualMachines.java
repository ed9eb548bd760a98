package dispatcher.it;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Runs the tests only where a [Fleet] can be started, QEMU is installed, and there is a kernel for a virtual machine:
/// that of this machine, or an unpacked Debian package in the folder that `DISPATCHER_VM_KERNEL` names. Elsewhere the
/// tests are skipped, and the reason is printed.
@NeedsNamespaces
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsVirtualMachines.Condition.class)
public @interface NeedsVirtualMachines {
    final class Condition implements ExecutionCondition {
        static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if (!System.getProperty("os.arch").equals("amd64"))
                return Skips.skip(context, "its virtual machine is for x86_64 only");
            if (!Files.isExecutable(QEMU))
                return Skips.skip(context, "there is no QEMU; apt-get install qemu-system-x86 brings it");
            if (kernel().isEmpty())
                return Skips.skip(
                        context,
                        "there is no kernel for a virtual machine; unpack a Debian package such as"
                                + " linux-image-cloud-amd64 with dpkg-deb -x, and name the folder in DISPATCHER_VM_KERNEL");
            return ConditionEvaluationResult.enabled("QEMU and a kernel are there");
        }

        /// What the kernel's package holds.
        static Optional<Path> kernel() {
            var named =
                    Optional.ofNullable(System.getenv("DISPATCHER_VM_KERNEL")).map(Path::of);
            return named.or(() -> Optional.of(Path.of("/"))).filter(Condition::hasKernel);
        }

        private static boolean hasKernel(Path root) {
            try (var files = Files.newDirectoryStream(root.resolve("boot"), "vmlinuz-*")) {
                return files.iterator().hasNext();
            } catch (IOException e) {
                return false;
            }
        }
    }
}
