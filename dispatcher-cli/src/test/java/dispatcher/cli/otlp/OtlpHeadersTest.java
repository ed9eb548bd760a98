package dispatcher.cli.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OtlpHeadersTest {
    @TempDir
    private Path directory;

    private Path file(String text) throws IOException {
        var file = directory.resolve("headers");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, text);
    }

    @Test
    void aLineIsAHeader() throws IOException {
        var file = file("# of the account\nx-honeycomb-team: s3cret\n\nAuthorization:Basic a b=\r\n");
        assertThat(OtlpHeaders.read(file))
                .hasSize(2)
                .containsEntry("x-honeycomb-team", "s3cret")
                .containsEntry("Authorization", "Basic a b=");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "s3cret | line 1 is no `name: value`",
                "'a: b\ns3cret:' | line 2 is no `name: value`",
                "a b: s3cret | line 1 is no `name: value`",
                "x: s3crét | line 1 is no `name: value`",
                "'x: s3cret\nX: s3cret' | line 2 sets X again",
                "Content-Type: s3cret | line 1 sets Content-Type, which every request has",
            })
    void aFaultSaysWhereItIsAndNothingOfASecret(String text, String why) throws IOException {
        var file = file(text);
        assertThatThrownBy(() -> OtlpHeaders.read(file)).isInstanceOfSatisfying(UserFacingException.class, e -> {
            assertThat(e.getMessage()).contains(why);
            assertThat(e.toString() + e.next()).doesNotContain("s3cr");
        });
    }

    @Test
    void aFileThatOthersMayReadIsNotUsed() throws IOException {
        var file = file("x: s3cret");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> OtlpHeaders.read(file))
                .isInstanceOf(UserFacingException.class)
                .hasMessageContaining("can be read by others");
    }

    @Test
    void aFileThatIsMissingIsNamed() {
        assertThatThrownBy(() -> OtlpHeaders.read(directory.resolve("none")))
                .isInstanceOf(UserFacingException.class)
                .hasMessageContaining("it does not exist");
    }

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:4318, http://127.0.0.1:4318/v1/traces",
        "http://[::1]:4318/, http://[::1]:4318/v1/traces",
        "https://otlp.example.org/otlp/, https://otlp.example.org/otlp/v1/traces",
        "https://otlp.example.org/v1/traces, https://otlp.example.org/v1/traces",
    })
    void thePathOfTracesIsAdded(String collector, String endpoint) {
        var rules = new OtlpRules(Optional.of(OtlpRules.collector(collector)), Optional.empty());
        assertThat(rules.endpoint()).contains(endpoint);
        assertThat(rules.collector()).contains(URI.create(collector));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://user:s3cret@example.org",
                "https://example.org/?key=s3cret",
                "https://example.org/#s3cret",
                "s3cret:4318",
                "grpc://s3cret",
                "http:///s3cret",
                "http://a b s3cret",
            })
    void anotherAddressIsRefusedWithoutBeingShown(String collector) {
        assertThatThrownBy(() -> OtlpRules.collector(collector))
                .isInstanceOf(IllegalArgumentException.class)
                .hasNoCause()
                .message()
                .doesNotContain("s3cret");
    }
}
