package dispatcher.store.spool;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.testkit.Bounds;
import java.nio.charset.StandardCharsets;

/// Whatever a `.narinfo` file of the spool has become, it is refused, or read as it would be written again.
/// `scripts/fuzz` looks for new inputs.
class NarInfoFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void narInfo(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryNarInfo(bytes));
    }

    private static void tryNarInfo(byte[] bytes) {
        NarInfoFile file;
        try {
            file = NarInfoFile.parse(new String(bytes, StandardCharsets.UTF_8), StoreDir.NIX_STORE);
        } catch (NixSyntaxException e) {
            assertThat(e.getMessage()).isNotBlank();
            return;
        }
        try {
            assertThat(NarInfoFile.parse(file.print("nar/x.nar", StoreDir.NIX_STORE), StoreDir.NIX_STORE))
                    .isEqualTo(file);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("signature");
        }
    }
}
