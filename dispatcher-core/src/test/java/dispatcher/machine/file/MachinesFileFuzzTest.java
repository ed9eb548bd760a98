package dispatcher.machine.file;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.machine.PublicHostKey;
import dispatcher.machine.file.MachinesFile.Defaults;
import dispatcher.machine.file.MachinesFile.Entry;
import dispatcher.machine.file.MachinesFile.Rules;
import dispatcher.machine.file.MachinesFile.Source;
import dispatcher.nix.NixSyntaxException;
import dispatcher.testkit.Bounds;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Any file of machines is read to its end, and its faults are reported by line and field.
///
/// A normal run only replays the inputs under
/// `src/test/resources/dispatcher/machine/file/MachinesFileFuzzTestInputs`. `scripts/fuzz` looks for new ones.
class MachinesFileFuzzTest {
    private static final String DURATION = "10m";
    private static final String OTHER = "a\n";

    /// What a file costs beside its text, in bytes of text.
    private static final int FILE = 8;

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @FuzzTest(maxDuration = DURATION)
    void machinesFile(byte[] bytes) {
        long inclusions = text(bytes).chars().filter(c -> c == '@').count();
        int size =
                bytes.length + (OTHER.length() + FILE) * (int) Math.min(inclusions, MachinesFileReader.MOST_INCLUSIONS);
        for (var rules : Rules.values()) {
            Bounds.hold(size, () -> machines(bytes, rules));
            checkMachines(bytes, machines(bytes, rules));
        }
    }

    /// Includes itself and one other file.
    private static MachinesFile machines(byte[] bytes, Rules rules) {
        var source = new Source("machines", 1, text(bytes));
        return MachinesFile.parse(
                source,
                (path, from) ->
                        path.equals("machines") ? Optional.of(source) : Optional.of(new Source("other", 1, OTHER)),
                new Defaults("me", "x86_64-linux"),
                rules);
    }

    private static void checkMachines(byte[] bytes, MachinesFile file) {
        long lines = text(bytes).chars().filter(c -> c == '\n').count() + 1;
        assertThat(file.entries()).extracting(entry -> entry.machine().name()).doesNotHaveDuplicates();
        assertThat(file.entries())
                .filteredOn(entry -> entry.source().equals("machines"))
                .extracting(Entry::line)
                .allSatisfy(line -> assertThat((long) line).isBetween(1L, lines));
        assertThat(file.faults()).allSatisfy(fault -> {
            assertThat((long) fault.line()).isBetween(1L, lines);
            assertThat(fault.field()).isNotBlank();
            assertThat(fault.message()).isNotBlank();
        });
    }

    @FuzzTest(maxDuration = DURATION)
    void storeUri(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryStoreUri(bytes));
    }

    private static void tryStoreUri(byte[] bytes) {
        try {
            var uri = StoreUri.parse(text(bytes));
            assertThat(uri.host()).doesNotStartWith("-").doesNotContainAnyWhitespaces();
            assertThat(uri.user().orElse("me")).doesNotStartWith("-").isNotEmpty();
            assertThat(uri.port().orElse(1)).isBetween(1, 65_535);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("is not a store URI of a machine");
        }
    }

    @FuzzTest(maxDuration = DURATION)
    void publicHostKey(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryPublicHostKey(bytes));
    }

    private static void tryPublicHostKey(byte[] bytes) {
        try {
            var key = PublicHostKey.parse(text(bytes));
            assertThat(PublicHostKey.parse(key.toString())).isEqualTo(key);
            assertThat(PublicHostKey.ofEncodedLine(key.encodedLine())).isEqualTo(key);
            assertThat(PublicHostKey.parseAll(text(bytes))).containsExactly(key);
        } catch (NixSyntaxException e) {
            assertThat(e).hasMessageContaining("is not a public host key");
        }
    }
}
