package dispatcher.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.nix.json.Json;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;

/// One folder of the fixtures of Nix's own protocol tests: values one after another in a `.bin`, what they mean
/// in the `.json` beside it. Every fixture of the folder must be dealt with, so that none is forgotten when more
/// come.
public final class WireVectors {
    private final String folder;
    private final List<DynamicTest> tests = new ArrayList<>();
    private final TreeSet<String> names = new TreeSet<>();

    public WireVectors(String folder) {
        this.folder = folder;
    }

    /// Reads one value.
    public interface Decoder<T> {
        T read(WireReader in) throws IOException;
    }

    /// Writes one value.
    public interface Encoder<T> {
        void write(WireWriter out, T value) throws IOException;
    }

    /// A fixture whose values are read as its JSON says, and written back to the very same bytes. Nothing but an
    /// [EOFException] comes out of any of its beginnings.
    ///
    /// @param meaning makes the value that one element of the JSON stands for
    public <T> WireVectors both(String name, Decoder<T> read, Encoder<T> write, Function<JsonNode, T> meaning) {
        return test(name, "read and written", () -> {
            var values = read(name, read, meaning);
            assertThat(ScriptedPeer.show(ScriptedPeer.bytes(out -> {
                        for (var value : values) write.write(out, value);
                    })))
                    .isEqualTo(ScriptedPeer.show(bytes(name)));
        });
    }

    /// A fixture in a form that peers may send and we never do.
    public <T> WireVectors readOnly(String name, Decoder<T> read, Function<JsonNode, T> meaning) {
        return test(name, "read", () -> read(name, read, meaning));
    }

    /// A fixture without JSON, or of a shape of its own.
    public WireVectors test(String name, String what, Executable check) {
        names.add(name);
        tests.add(DynamicTest.dynamicTest(name + " is " + what, check));
        return this;
    }

    /// A fixture of something that we neither send nor take.
    ///
    /// @param why for the reader of the test
    public WireVectors notOurs(String name, @SuppressWarnings("unused") String why) {
        names.add(name);
        return this;
    }

    public Stream<DynamicTest> tests() {
        var complete = DynamicTest.dynamicTest("every fixture is dealt with", () -> {
            var there = NixVectors.list(folder, ".bin").stream()
                    .map(path -> path.substring(folder.length() + 1, path.length() - ".bin".length()))
                    .toList();
            assertThat(names).containsExactlyInAnyOrderElementsOf(there);
        });
        return Stream.concat(Stream.of(complete), tests.stream());
    }

    public byte[] bytes(String name) {
        return NixVectors.bytes(folder + "/" + name + ".bin");
    }

    public JsonNode json(String name) {
        return Json.parse(NixVectors.bytes(folder + "/" + name + ".json"));
    }

    private <T> List<T> read(String name, Decoder<T> read, Function<JsonNode, T> meaning) throws IOException {
        var bytes = bytes(name);
        var expected = json(name).isArray()
                ? json(name).valueStream().map(meaning).toList()
                : List.of(meaning.apply(json(name)));
        var values = new ArrayList<T>();
        var in = new WireReader(new ByteArrayInputStream(bytes));
        for (int i = 0; i < expected.size(); i++) values.add(read.read(in));
        assertThat(in.awaitInput()).as("bytes after the values").isFalse();
        assertThat(values).isEqualTo(expected);
        for (int length = 0; length < bytes.length; length++) {
            var beginning = new WireReader(new ByteArrayInputStream(bytes, 0, length));
            Assertions.assertThatExceptionOfType(EOFException.class)
                    .as("the first %d bytes", length)
                    .isThrownBy(() -> {
                        for (int i = 0; i < expected.size(); i++) read.read(beginning);
                    });
        }
        return values;
    }
}
