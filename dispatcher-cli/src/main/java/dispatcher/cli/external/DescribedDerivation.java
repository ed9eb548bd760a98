package dispatcher.cli.external;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.Derivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.nix.aterm.DerivationHash;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// A derivation that builds what a [BuildDocument] describes, on any machine.
///
/// Nix has done a part of a builder's work already: it has added variables of its own, and put what is passed by files
/// into the build directory. That is undone here, since the machine's Nix does it once more.
///
/// Each output is one whose path is known: the path where Nix expects it. Nix itself moves it from there to its last
/// path where that is another one: for content-addressed outputs, and if it checks or repairs an output that it has.
/// A fixed output stays one, so that its build may use the network. An impure one looks the same as one that is only
/// content-addressed, and is built as that.
///
/// @param drvPath made from the derivation, since Nix does not tell the right one
/// @param restore where each path that is built goes; the same path but for fixed outputs that are checked
record DescribedDerivation(StorePath drvPath, BasicDerivation derivation, SortedMap<StorePath, StorePath> restore) {
    private static final String PATH_SUFFIX = "Path";
    private static final String STRUCTURED = ".attrs.json";

    static DescribedDerivation of(BuildDocument document, StoreDir storeDir) throws IOException {
        var environment = new TreeMap<>(document.environment());
        boolean isFixed = "1".equals(environment.get("NIX_OUTPUT_CHECKED"));
        removeWhatNixAdds(environment, document, storeDir);
        takeInFiles(environment, document);
        var attributes = Attributes.of(environment, document.buildDir());
        attributes.structured().ifPresent(json -> environment.put("__json", json));
        var outputs = new TreeMap<String, DerivationOutput>();
        var restore = new TreeMap<StorePath, StorePath>();
        document.outputs().forEach((name, path) -> {
            var output = isFixed ? fixed(attributes, path, storeDir) : new DerivationOutput.InputAddressed(path);
            outputs.put(name, output);
            restore.put(output.path().orElseThrow(), path);
        });
        var derivation = new BasicDerivation(
                outputs,
                document.inputs(),
                document.system(),
                ByteString.of(document.builder()),
                document.arguments().stream().map(ByteString::of).toList(),
                bytes(environment));
        var name = derivationName(document.outputs());
        return new DescribedDerivation(
                DerivationHash.derivationPath(storeDir, name, Derivation.resolved(derivation)), derivation, restore);
    }

    private static void removeWhatNixAdds(
            SortedMap<String, String> environment, BuildDocument document, StoreDir storeDir) {
        for (var name : new String[] {"NIX_BUILD_TOP", "TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD"})
            environment.remove(name, document.seenAs());
        environment.remove("PATH", "/path-not-set");
        environment.remove("HOME", "/homeless-shelter");
        environment.remove("NIX_STORE", storeDir.path());
        environment.remove("NIX_LOG_FD", "2");
        environment.remove("TERM", "xterm-256color");
        environment.remove("NIX_OUTPUT_CHECKED");
        // So many as this host has; the machine has its own number.
        environment.remove("NIX_BUILD_CORES");
    }

    /// Variables that are passed as files become variables again.
    private static void takeInFiles(SortedMap<String, String> environment, BuildDocument document) throws IOException {
        for (var name : environment.getOrDefault("passAsFile", "").split("[ \t\n\r]+", -1)) {
            var file = environment.get(name + PATH_SUFFIX);
            if (name.isEmpty() || file == null || !file.startsWith(document.seenAs() + "/")) continue;
            var here =
                    document.buildDir().resolve(file.substring(document.seenAs().length() + 1));
            environment.put(name, utf8(here));
            environment.remove(name + PATH_SUFFIX);
        }
    }

    private static String utf8(Path file) throws IOException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                .toString();
    }

    private static SortedMap<ByteString, ByteString> bytes(SortedMap<String, String> environment) {
        var bytes = new TreeMap<ByteString, ByteString>();
        environment.forEach((name, value) -> bytes.put(ByteString.of(name), ByteString.of(value)));
        return bytes;
    }

    /// What the derivation says of itself, in whichever form.
    ///
    /// @param structured the text of its structured attributes, as a derivation has it
    private record Attributes(Optional<String> structured, SortedMap<String, String> plain, ObjectNode members) {
        static Attributes of(SortedMap<String, String> environment, Path buildDir) throws IOException {
            if (environment.remove("NIX_ATTRS_JSON_FILE") == null)
                return new Attributes(Optional.empty(), environment, Json.object());
            environment.remove("NIX_ATTRS_SH_FILE");
            if (!(Json.parse(Files.readAllBytes(buildDir.resolve(STRUCTURED))) instanceof ObjectNode members))
                throw new CannotBuildException("%s is not a JSON object".formatted(STRUCTURED));
            // There Nix has put the path of each, as it does on the machine.
            members.set("outputs", Json.texts(names(members)));
            return new Attributes(Optional.of(Json.print(members)), environment, members);
        }

        private static Collection<String> names(ObjectNode members) {
            var names = new ArrayList<String>();
            members.path("outputs").fieldNames().forEachRemaining(names::add);
            return names;
        }

        String text(String name) {
            return structured.isPresent() ? members.path(name).asText("") : plain.getOrDefault(name, "");
        }
    }

    private static DerivationOutput fixed(Attributes attributes, StorePath expected, StoreDir storeDir) {
        var hash = hash(attributes.text("outputHashAlgo"), attributes.text("outputHash"));
        var method = method(attributes.text("outputHashMode"));
        var path = StorePaths.fixedOutput(storeDir, expected.name(), method, hash);
        return new DerivationOutput.Fixed(path, new MethodAlgorithm(method, hash.algorithm()), hash);
    }

    private static Hash hash(String algorithm, String text) {
        return algorithm.isEmpty() ? Hash.parseTyped(text) : Hash.parse(HashAlgorithm.parse(algorithm), text);
    }

    private static Method method(String mode) {
        return switch (mode) {
            case "", "flat" -> Method.FLAT;
            case "recursive", "nar" -> Method.NAR;
            case "git" -> Method.GIT;
            case "text" -> Method.TEXT;
            default -> throw new CannotBuildException("outputHashMode '%s' is not known".formatted(mode));
        };
    }

    /// `out` has the name of the derivation, others have theirs behind that.
    private static String derivationName(SortedMap<String, StorePath> outputs) {
        var first = outputs.firstEntry();
        var out = outputs.get("out");
        if (out != null) return out.name();
        var name = first.getValue().name();
        var suffix = "-" + first.getKey();
        return name.endsWith(suffix) ? name.substring(0, name.length() - suffix.length()) : name;
    }
}
