package dispatcher.nix.nar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.ByteString;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import org.junit.jupiter.api.Test;

class NarWriterTest {
    private static NarWriter writer() throws IOException {
        return new NarWriter(OutputStream.nullOutputStream());
    }

    @Test
    void streamedFileIsTheSameAsOneInMemory() throws IOException {
        for (int size : new int[] {0, 1, 7, 8, 9, 8192, 100_000}) {
            var contents = new byte[size];
            var streamed = new ByteArrayOutputStream();
            NarWriter.writeFile(streamed, true, size, new ByteArrayInputStream(contents));
            var whole = new ByteArrayOutputStream();
            NarWriter.writeFile(whole, true, contents);

            assertThat(streamed.toByteArray()).isEqualTo(whole.toByteArray());
            assertThat(NarTree.parse(whole.toByteArray())).isEqualTo(new NarTree.File(true, ByteString.wrap(contents)));
        }
    }

    @Test
    void fileIsNotReadBeyondItsSize() throws IOException {
        var in = new ByteArrayInputStream(new byte[100]);
        NarWriter.writeFile(OutputStream.nullOutputStream(), false, 60, in);

        assertThat(in.available()).isEqualTo(40);
    }

    @Test
    void fileThatShrinksIsAnError() throws IOException {
        var in = new ByteArrayInputStream(new byte[50]);

        assertThatThrownBy(() -> NarWriter.writeFile(OutputStream.nullOutputStream(), false, 60, in))
                .isInstanceOf(EOFException.class)
                .hasMessage("a file of 60 bytes ended after 50 while it was archived");
    }

    @Test
    void entriesOutOfOrderAreRefused() throws IOException {
        var writer = writer().directoryStart().entry(ByteString.of("b")).symlink(ByteString.of("t"));

        assertThatThrownBy(() -> writer.entry(ByteString.of("a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the name 'a' does not sort after 'b'");
    }

    @Test
    void namesAndTargetsThatAreNoneAreRefused() throws IOException {
        for (var name : new String[] {"", ".", "..", "a/b", "a\0", "x".repeat(256)})
            assertThatThrownBy(() -> writer().directoryStart().entry(ByteString.of(name)))
                    .isInstanceOf(IllegalArgumentException.class);
        for (var target : new String[] {"", "a\0", "x".repeat(4096)})
            assertThatThrownBy(() -> writer().symlink(ByteString.of(target)))
                    .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void incompleteArchivesAndStrayNodesAreRefused() throws IOException {
        assertThatThrownBy(() -> writer().finish()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> writer().directoryStart().finish()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> writer().directoryStart().directoryStart()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> writer().directoryEnd()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> writer().file(false, new byte[0]).file(false, new byte[0]))
                .isInstanceOf(IllegalStateException.class);
    }
}
