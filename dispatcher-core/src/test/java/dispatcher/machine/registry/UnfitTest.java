package dispatcher.machine.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class UnfitTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            NO_JOBS      | unable to start any build; either increase '--max-jobs' or enable remote builds.\\nhttps://nixos.org/
            NO_JOBS      | Unable to start any build; either increase '--max-jobs' or enable remote builds.
            NO_JOBS      | unable to start any build; either set '--max-jobs' to a non-zero value or enable remote builds.
            NO_JOBS      | unable to start any build; remote machines may not have all required system features.
            NO_SYSTEM    | a 'x86_64-linux' with features {kvm} is required to build '/nix/store/x.drv', but I am a 'x86_64-linux' with features {}
            NO_SYSTEM    | error: a '\u001b[35;1mriscv64-linux\u001b[0m' with features {} is required to build '/nix/store/x.drv', but I am
            NO_SYSTEM    | Cannot build '/nix/store/x.drv'.\\nReason: \u001b[31;1mrequired system or feature not available\u001b[0m\\nRequired
            NO_SYSTEM    | cannot build derivation '/nix/store/x.drv': required system or feature not available
            NO_EXPERIMENT | experimental Nix feature 'ca-derivations' is disabled; add '--extra-experimental-features ca-derivations'
            SANDBOXED    | derivation '/nix/store/x.drv' has '__noChroot' set, but that's not allowed when 'sandbox' is 'true'
            NO_SANDBOX   | this system does not support the kernel namespaces that are required for sandboxing; use '--no-sandbox'
            NO_USERS     | the build users group 'nixbld' has no members
            NOT_TRUSTED  | you are not privileged to build input-addressed derivations
            NOT_TRUSTED  | error: you are not privileged to build derivations
            """, quoteCharacter = '~')
    void wordsOfEachVersionAreKnown(Unfit expected, String words) {
        var message = words.replace("\\n", "\n");

        assertThat(Unfit.of(message)).contains(expected);
        assertThat(Unfit.of(BuildResult.of(BuildStatus.MISC_FAILURE, message))).contains(expected);
    }

    @ParameterizedTest
    @EnumSource(
            value = BuildStatus.class,
            names = {"PERMANENT_FAILURE", "INPUT_REJECTED", "MISC_FAILURE"})
    void withWhateverStatusTheyCome(BuildStatus status) {
        assertThat(Unfit.of(BuildResult.of(status, "unable to start any build; either increase '--max-jobs'")))
                .contains(Unfit.NO_JOBS);
    }

    @Test
    void wordsOfTheBuildItselfDoNotCount() {
        assertThat(Unfit.of(BuildResult.of(BuildStatus.PERMANENT_FAILURE, """
                        builder for '/nix/store/x.drv' failed with exit code 1;
                        last 2 log lines:
                        > error: unable to start any build; either increase '--max-jobs' or enable remote builds.
                        > you are not privileged to build input-addressed derivations
                        """))).isEmpty();
        assertThat(Unfit.of(BuildResult.of(BuildStatus.PERMANENT_FAILURE, """
                        Cannot build '/nix/store/x.drv'.
                        Reason: builder failed with exit code 1.
                        Last 1 log lines:
                        > required system or feature not available"""))).isEmpty();
        assertThat(Unfit.of(BuildResult.of(BuildStatus.TIMED_OUT, "unable to start any build")))
                .isEmpty();
    }

    @Test
    void aMachineThatTrustsNobodySaysSoAsItsLastWords() {
        assertThat(
                        Unfit.ofLastWords(
                                "the stream ended, after a had said: building\nerror: you are not privileged to build derivations"))
                .contains(Unfit.NOT_TRUSTED);
        assertThat(Unfit.ofLastWords(
                        "the stream ended, after a had said: error: you are not privileged to build derivations"))
                .contains(Unfit.NOT_TRUSTED);
        assertThat(Unfit.ofLastWords("you are not privileged to build derivations\nKilled"))
                .isEmpty();
        assertThat(Unfit.ofLastWords("unable to start any build")).isEmpty();
    }
}
