package dispatcher.nix;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Realisations as JSON, in two forms. That of Nix 2.4 to 2.34, also in both protocols, is an object of
/// `dependentRealisations` (id to base name), `id`, `outPath` (base name, no directory) and `signatures`. That of
/// newer versions is an object of `key` (`drvPath`, a base name, and `outputName`) and `value` (`outPath`,
/// `signatures`).
///
/// Source: Nix 2.34 and 2.36, `src/libstore/realisation.cc`.
public final class RealisationJson {
    private static final String WHAT = "realisation";

    private RealisationJson() {}

    /// Reads a realisation; what it may lack is empty then, and members that are not known are skipped. A
    /// signature may also be an object of `keyName` and `sig`, as newer versions have it.
    ///
    /// @throws NixSyntaxException if it is none
    public static Realisation parse(String text) {
        var members = object(text, parseJson(text));
        if (members.has("key")) return parseOfPath(text, members);
        var signatures = signatures(text, members);
        var dependencies = new TreeMap<String, StorePath>();
        if (members.has("dependentRealisations"))
            object(text, members.path("dependentRealisations"))
                    .forEachEntry((id, path) -> dependencies.put(id, StorePath.parse(string(text, id, path))));
        return new Realisation(
                RealisationId.parse(member(text, members, "id")),
                StorePath.parse(member(text, members, "outPath")),
                signatures,
                dependencies);
    }

    private static Realisation parseOfPath(String text, JsonNode members) {
        var key = object(text, members.path("key"));
        if (!members.has("value")) throw wrong(text, "it has no 'value'");
        var value = object(text, members.path("value"));
        return new Realisation(
                new RealisationId.OfPath(
                        StorePath.parse(member(text, key, "drvPath")), member(text, key, "outputName")),
                StorePath.parse(member(text, value, "outPath")),
                signatures(text, value),
                Collections.emptySortedMap());
    }

    /// The compact form with sorted names.
    public static String print(Realisation realisation) {
        return Json.print(json(realisation, true));
    }

    /// What realisations are signed over: the same without signatures.
    public static String fingerprint(Realisation realisation) {
        return Json.print(json(realisation, false));
    }

    private static JsonNode json(Realisation realisation, boolean signed) {
        var json = Json.object();
        switch (realisation.id()) {
            case RealisationId.OfHash id -> {
                putValue(json, realisation, signed);
                var dependencies = json.putObject("dependentRealisations");
                realisation
                        .dependentRealisations()
                        .forEach((dependency, path) -> dependencies.put(dependency, path.baseName()));
                json.put("id", id.toString());
            }
            case RealisationId.OfPath(var drvPath, var outputName) -> {
                json.putObject("key").put("drvPath", drvPath.baseName()).put("outputName", outputName);
                putValue(json.putObject("value"), realisation, signed);
            }
        }
        return json;
    }

    private static void putValue(ObjectNode json, Realisation realisation, boolean signed) {
        json.put("outPath", realisation.outPath().baseName());
        if (signed) json.set("signatures", Json.texts(realisation.signatures()));
    }

    private static JsonNode parseJson(String text) {
        try {
            return Json.parse(text);
        } catch (JsonSyntaxException e) {
            throw NixSyntaxException.of(WHAT, text, "it is %s".formatted(e.getMessage()));
        }
    }

    private static JsonNode object(String text, JsonNode json) {
        if (json.isObject()) return json;
        throw wrong(text, "an object expected");
    }

    private static SortedSet<String> signatures(String text, JsonNode members) {
        var signatures = new TreeSet<String>();
        var values = members.path("signatures");
        if (!values.isArray() && !values.isMissingNode()) throw wrong(text, "'signatures' is not a list");
        for (var value : values) signatures.add(signature(text, value));
        return signatures;
    }

    private static String member(String text, JsonNode members, String name) {
        if (!members.has(name)) throw wrong(text, "it has no '%s'".formatted(name));
        return string(text, name, members.path(name));
    }

    private static String string(String text, String name, JsonNode json) {
        if (json.isTextual()) return json.textValue();
        throw wrong(text, "'%s' is not a string".formatted(name));
    }

    private static String signature(String text, JsonNode json) {
        if (json.isObject()) return member(text, json, "keyName") + ":" + member(text, json, "sig");
        return string(text, "signatures", json);
    }

    private static NixSyntaxException wrong(String text, String fault) {
        return NixSyntaxException.of(WHAT, text, fault);
    }
}
