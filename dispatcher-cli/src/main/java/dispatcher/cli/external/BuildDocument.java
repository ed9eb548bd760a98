package dispatcher.cli.external;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What Nix tells an external builder of one build: `build.json`, version 1.
///
/// Placeholders and the hashes of outputs that are redirected have been rewritten in all of it, so that it speaks of
/// the paths where Nix expects the outputs, which are not their last ones in every case.
///
/// Source: Nix 2.34, `src/libstore/unix/build/external-derivation-builder.cc`.
///
/// @param builder     a path, or `builtin:…`
/// @param environment of the process, with what Nix itself adds
/// @param inputs      the closure of what the build reads
/// @param outputs     by output name: where Nix expects it
/// @param buildDir    the build directory on this host, with the files that Nix has put there
/// @param seenAs      where a build in a sandbox is to see that directory
record BuildDocument(
        String system,
        String builder,
        List<String> arguments,
        SortedMap<String, String> environment,
        TreeSet<StorePath> inputs,
        SortedMap<String, StorePath> outputs,
        Path buildDir,
        String seenAs) {
    private static final int VERSION = 1;

    BuildDocument {
        arguments = List.copyOf(arguments);
        environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
        outputs = Collections.unmodifiableSortedMap(new TreeMap<>(outputs));
    }

    /// @throws CannotBuildException if it is of another kind, or speaks of another store than ours
    /// @throws IOException          if the file cannot be read
    static BuildDocument read(Path file, StoreDir storeDir) throws IOException {
        try {
            return parse(Json.parse(Files.readAllBytes(file)), storeDir);
        } catch (JsonSyntaxException | IllegalArgumentException e) {
            throw new CannotBuildException("%s is no description of a build: %s".formatted(file, e.getMessage()));
        }
    }

    private static BuildDocument parse(JsonNode json, StoreDir storeDir) {
        int version = member(json, "version").intValue();
        if (version != VERSION)
            throw new CannotBuildException(
                    "this Nix describes builds in version %d; the dispatcher knows version %d, that of Nix 2.32 and later"
                            .formatted(version, VERSION));
        var store = text(json, "storeDir");
        var real = text(json, "realStoreDir");
        if (!store.equals(storeDir.path()) || !real.equals(store))
            throw new CannotBuildException(
                    "this store is at %s and seen as %s; the dispatcher builds for a store at %s only"
                            .formatted(real, store, storeDir.path()));
        var outputs = new TreeMap<String, StorePath>();
        texts(json, "outputs").forEach((name, path) -> outputs.put(name, storeDir.parse(path)));
        if (outputs.isEmpty()) throw new IllegalArgumentException("it has no outputs");
        var inputs = new TreeSet<StorePath>();
        for (var path : list(json, "inputPaths")) inputs.add(storeDir.parse(path));
        return new BuildDocument(
                text(json, "system"),
                text(json, "builder"),
                list(json, "args"),
                texts(json, "env"),
                inputs,
                outputs,
                Path.of(text(json, "tmpDir")),
                text(json, "tmpDirInSandbox"));
    }

    private static JsonNode member(JsonNode json, String name) {
        var value = json.path(name);
        if (value.isMissingNode()) throw new IllegalArgumentException("it has no '%s'".formatted(name));
        return value;
    }

    private static String text(JsonNode json, String name) {
        return textOf(member(json, name), name);
    }

    private static String textOf(JsonNode value, String name) {
        if (!value.isTextual()) throw new IllegalArgumentException("'%s' is not a string".formatted(name));
        return value.textValue();
    }

    private static List<String> list(JsonNode json, String name) {
        var value = member(json, name);
        if (!value.isArray()) throw new IllegalArgumentException("'%s' is not a list".formatted(name));
        var texts = new ArrayList<String>();
        for (var element : value) texts.add(textOf(element, name));
        return texts;
    }

    private static SortedMap<String, String> texts(JsonNode json, String name) {
        var value = member(json, name);
        if (!value.isObject()) throw new IllegalArgumentException("'%s' is not an object".formatted(name));
        var texts = new TreeMap<String, String>();
        value.properties().forEach(each -> texts.put(each.getKey(), textOf(each.getValue(), name)));
        return texts;
    }
}
