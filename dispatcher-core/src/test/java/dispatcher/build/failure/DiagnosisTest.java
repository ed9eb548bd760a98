package dispatcher.build.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiagnosisTest {
    private static BuildResult failed(String message) {
        return BuildResult.of(BuildStatus.PERMANENT_FAILURE, message);
    }

    private static final BuildResult FAILED = failed("builder for 'x.drv' failed with exit code 1");

    @ParameterizedTest
    @ValueSource(strings = {"3 mutants killed", "Killed 3 (60%)", "mutations Killed 3", "test 'server is killed' ok"})
    void wordsOfTestSuitesAreNoSignsOfKilling(String line) {
        assertThat(Diagnosis.of(FAILED, List.of(line))).isEqualTo(Diagnosis.BUILD_FAILED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Killed",
                "./build.sh: line 3:    12 Killed                  cc1plus x.cc",
                "c++: fatal error: Killed signal terminated program cc1plus",
                "collect2: fatal error: ld terminated with signal 9 [Killed]",
                "(signal: 9, SIGKILL: kill)",
                "make: *** [Makefile:3: x] Killed",
                "virtual memory exhausted: Cannot allocate memory"
            })
    void wordsOfShellsAndCompilersAre(String line) {
        assertThat(Diagnosis.of(FAILED, List.of(line))).isEqualTo(Diagnosis.KILLED);
    }

    @Test
    void fullDiskCountsIfNixSaysSo() {
        assertThat(Diagnosis.of(failed("writing to file: No space left on device"), List.of()))
                .isEqualTo(Diagnosis.DISK_FULL);
        assertThat(Diagnosis.of(FAILED, List.of("not ok 3 - No space left on device")))
                .isEqualTo(Diagnosis.DISK_MENTIONED);
        assertThat(Diagnosis.of(failed("""
                        builder for 'x.drv' failed with exit code 1;
                        last 1 log lines:
                        > not ok 3 - Disk quota exceeded"""), List.of())).isEqualTo(Diagnosis.DISK_MENTIONED);
    }
}
