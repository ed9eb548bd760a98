package dispatcher.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/// Our values from the JSON beside the fixtures of Nix's own tests.
public final class NixJson {
    private NixJson() {}

    public static String text(JsonNode json) {
        if (!json.isTextual()) throw new AssertionError("no text: " + json);
        return json.textValue();
    }

    public static long number(JsonNode json) {
        if (!json.isIntegralNumber()) throw new AssertionError("no whole number: " + json);
        return json.longValue();
    }

    public static List<JsonNode> elements(JsonNode json) {
        if (!json.isArray()) throw new AssertionError("no array: " + json);
        return json.valueStream().toList();
    }

    /// Empty for a member that is not there, or null.
    private static Optional<JsonNode> member(JsonNode json, String name) {
        if (!json.isObject()) throw new AssertionError("no object: " + json);
        return json.optional(name).filter(value -> !value.isNull());
    }

    private static JsonNode required(JsonNode json, String name) {
        return member(json, name).orElseThrow(() -> new AssertionError("no '%s' in %s".formatted(name, json)));
    }

    private static boolean flag(JsonNode json, String name) {
        return member(json, name).map(value -> value.booleanValue()).orElse(false);
    }

    public static <T> Optional<T> optional(JsonNode json, Function<JsonNode, T> value) {
        return json.isNull() ? Optional.empty() : Optional.of(value.apply(json));
    }

    public static StorePath storePath(JsonNode json) {
        return StorePath.parse(text(json));
    }

    public static ContentAddress contentAddress(JsonNode json) {
        var sri = text(required(json, "hash"));
        int dash = sri.indexOf('-');
        var method = Method.valueOf(text(required(json, "method")).toUpperCase(Locale.ROOT));
        return new ContentAddress(
                method, Hash.parse(HashAlgorithm.parse(sri.substring(0, dash)), sri.substring(dash + 1)));
    }

    public static DerivedPath derivedPath(JsonNode json) {
        if (json.isTextual()) return new DerivedPath.Opaque(storePath(json));
        var outputs = new TreeSet<String>();
        for (var output : elements(required(json, "outputs"))) if (!text(output).equals("*")) outputs.add(text(output));
        return new DerivedPath.Built(storePath(required(json, "drvPath")), outputs);
    }

    /// @param path of the info, unless the JSON says it
    public static PathInfo pathInfo(JsonNode json, StorePath path) {
        var references = new TreeSet<StorePath>();
        for (var reference : elements(required(json, "references"))) references.add(storePath(reference));
        return new PathInfo(
                member(json, "path").map(NixJson::storePath).orElse(path),
                member(json, "deriver").map(NixJson::storePath),
                NarHash.parse(text(required(json, "narHash")).substring("sha256-".length())),
                references,
                Instant.ofEpochSecond(
                        member(json, "registrationTime").map(NixJson::number).orElse(0L)),
                number(required(json, "narSize")),
                flag(json, "ultimate"),
                signatures(required(json, "signatures")),
                member(json, "ca").map(NixJson::contentAddress));
    }

    private static SortedSet<String> signatures(JsonNode json) {
        var signatures = new TreeSet<String>();
        for (var signature : elements(json))
            signatures.add(
                    signature.isTextual()
                            ? text(signature)
                            : text(required(signature, "keyName")) + ":" + text(required(signature, "sig")));
        return signatures;
    }

    /// With its id, or with its `key` and `value`.
    public static Realisation realisation(JsonNode json) {
        return member(json, "key")
                .map(key -> realisation(required(json, "value"), realisationId(key)))
                .orElseGet(() -> realisation(json, RealisationId.parse(text(required(json, "id")))));
    }

    public static RealisationId.OfPath realisationId(JsonNode json) {
        return new RealisationId.OfPath(storePath(required(json, "drvPath")), text(required(json, "outputName")));
    }

    /// @param id which the JSON does not say
    public static Realisation realisation(JsonNode json, RealisationId id) {
        var dependencies = new TreeMap<String, StorePath>();
        member(json, "dependentRealisations")
                .ifPresent(
                        map -> map.forEachEntry((dependency, path) -> dependencies.put(dependency, storePath(path))));
        return new Realisation(
                id, storePath(required(json, "outPath")), signatures(required(json, "signatures")), dependencies);
    }

    public static BuildResult buildResult(JsonNode json) {
        // Where the JSON has no id, the bytes have one whose hash means nothing.
        return buildResult(json, name -> RealisationId.parse("sha256:" + "0".repeat(64) + "!" + name));
    }

    /// @param id of an output of which the JSON does not say it
    public static BuildResult buildResult(JsonNode json, Function<String, RealisationId> id) {
        SortedMap<String, Realisation> outputs = new TreeMap<>();
        member(json, "builtOutputs")
                .ifPresent(map -> map.forEachEntry((name, output) -> {
                    var known = member(output, "id").<RealisationId>map(text -> RealisationId.parse(text(text)));
                    outputs.put(name, realisation(output, known.orElseGet(() -> id.apply(name))));
                }));
        return new BuildResult(
                status(text(required(json, "status"))),
                member(json, "errorMsg").map(NixJson::text).orElse(""),
                Math.toIntExact(number(required(json, "timesBuilt"))),
                flag(json, "isNonDeterministic"),
                Instant.ofEpochSecond(number(required(json, "startTime"))),
                Instant.ofEpochSecond(number(required(json, "stopTime"))),
                member(json, "cpuUser").map(NixJson::microseconds),
                member(json, "cpuSystem").map(NixJson::microseconds),
                outputs);
    }

    private static Duration microseconds(JsonNode json) {
        return Duration.of(number(json), ChronoUnit.MICROS);
    }

    /// `OutputRejected` is our `OUTPUT_REJECTED`.
    private static BuildStatus status(String nixName) {
        return BuildStatus.valueOf(
                nixName.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT));
    }
}
