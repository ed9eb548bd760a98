package dispatcher.nix.attributes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NixSyntaxException;
import dispatcher.testkit.FakeStore;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackageNameTest {
    /// As `builtins.parseDrvName` of Nix 2.34 splits them.
    @ParameterizedTest
    @CsvSource({
        "hello-2.12.1, hello",
        "hello, hello",
        "hello-2.12.1.tar.gz, hello",
        "gcc-wrapper-13.2.0, gcc-wrapper",
        "python3.11-numpy-1.26, python3.11-numpy",
        "a-b-c, a-b-c",
        "stage-1-init.sh, stage",
        "ends-, ends-",
        "two--3, two",
        "x-_y, x",
        "libfoo-unstable-2024-01-01, libfoo-unstable"
    })
    void theVersionBeginsAfterTheFirstDashThatNoLetterFollows(String derivation, String name) {
        assertThat(PackageName.ofDerivation(derivation)).hasToString(name);
    }

    /// Nix would leave nothing of it.
    @Test
    void neverIsEmpty() {
        assertThat(PackageName.ofDerivation("-1")).hasToString("-1");
    }

    @Test
    void fetchingAPackagesSourceIsNotBuildingIt() {
        assertThat(PackageName.of(FakeStore.path("hello-2.1.drv"), derivation(new DerivationOutput.Deferred())))
                .hasToString("hello");
        assertThat(PackageName.of(
                        FakeStore.path("hello-2.1.tar.gz.drv"),
                        derivation(new DerivationOutput.Fixed(
                                FakeStore.path("hello-2.1.tar.gz"),
                                new MethodAlgorithm(Method.FLAT, HashAlgorithm.SHA256),
                                Hash.sha256(new byte[0])))))
                .hasToString("hello:fetch");
    }

    private static BasicDerivation derivation(DerivationOutput output) {
        return new BasicDerivation(
                new TreeMap<>(Map.of("out", output)),
                Set.of(),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
    }

    @Test
    void whatNoDerivationIsCalledIsRefused() {
        for (var text : List.of("", ":fetch", "a b", "a\tb", "a:fetch:fetch", "ä", "a".repeat(212)))
            assertThatThrownBy(() -> new PackageName(text))
                    .isInstanceOf(NixSyntaxException.class)
                    .hasMessageContaining("package name");
    }
}
