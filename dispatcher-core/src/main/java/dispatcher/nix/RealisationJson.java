package dispatcher.nix;

import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        var members = members(text, parseJson(text));
        if (members.get("key").isPresent()) return parseOfPath(text, members);
        var signatures = signatures(text, members);
        var dependencies = new TreeMap<String, StorePath>();
        members.get("dependentRealisations")
                .map(map -> members(text, map).values())
                .orElse(Map.of())
                .forEach((id, path) -> dependencies.put(id, StorePath.parse(string(text, id, path))));
        return new Realisation(
                RealisationId.parse(member(text, members, "id")),
                StorePath.parse(member(text, members, "outPath")),
                signatures,
                dependencies);
    }

    private static Realisation parseOfPath(String text, Json.Members members) {
        var key = members(text, members.get("key").orElseThrow());
        var value = members(text, members.get("value").orElseThrow(() -> wrong(text, "it has no 'value'")));
        return new Realisation(
                new RealisationId.OfPath(
                        StorePath.parse(member(text, key, "drvPath")), member(text, key, "outputName")),
                StorePath.parse(member(text, value, "outPath")),
                signatures(text, value),
                Collections.emptySortedMap());
    }

    /// The compact form with sorted names.
    public static String print(Realisation realisation) {
        return json(realisation, true).print();
    }

    /// What realisations are signed over: the same without signatures.
    public static String fingerprint(Realisation realisation) {
        return json(realisation, false).print();
    }

    private static Json json(Realisation realisation, boolean signed) {
        return switch (realisation.id()) {
            case RealisationId.OfHash id -> {
                var members = value(realisation, signed);
                var dependencies = new TreeMap<String, Json>();
                realisation
                        .dependentRealisations()
                        .forEach((dependency, path) -> dependencies.put(dependency, new Json.Text(path.baseName())));
                members.put("dependentRealisations", new Json.Members(dependencies));
                members.put("id", new Json.Text(id.toString()));
                yield new Json.Members(members);
            }
            case RealisationId.OfPath(var drvPath, var outputName) -> {
                Map<String, Json> key = new LinkedHashMap<>();
                key.put("drvPath", new Json.Text(drvPath.baseName()));
                key.put("outputName", new Json.Text(outputName));
                yield new Json.Members(
                        Map.of("key", new Json.Members(key), "value", new Json.Members(value(realisation, signed))));
            }
        };
    }

    private static Map<String, Json> value(Realisation realisation, boolean signed) {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("outPath", new Json.Text(realisation.outPath().baseName()));
        var signatures =
                realisation.signatures().stream().<Json>map(Json.Text::new).toList();
        if (signed) members.put("signatures", new Json.Elements(signatures));
        return members;
    }

    private static Json parseJson(String text) {
        try {
            return Json.parse(text);
        } catch (JsonSyntaxException e) {
            throw NixSyntaxException.of(WHAT, text, "it is %s".formatted(e.getMessage()));
        }
    }

    private static Json.Members members(String text, Json json) {
        if (json instanceof Json.Members members) return members;
        throw wrong(text, "an object expected");
    }

    private static SortedSet<String> signatures(String text, Json.Members members) {
        var signatures = new TreeSet<String>();
        for (var value : elements(text, members)) signatures.add(signature(text, value));
        return signatures;
    }

    private static List<Json> elements(String text, Json.Members members) {
        return switch (members.get("signatures").orElse(new Json.Elements(List.of()))) {
            case Json.Elements(var values) -> values;
            default -> throw wrong(text, "'signatures' is not a list");
        };
    }

    private static String member(String text, Json.Members members, String name) {
        return string(text, name, members.get(name).orElseThrow(() -> wrong(text, "it has no '%s'".formatted(name))));
    }

    private static String string(String text, String name, Json json) {
        if (json instanceof Json.Text(var value)) return value;
        throw wrong(text, "'%s' is not a string".formatted(name));
    }

    private static String signature(String text, Json json) {
        if (json instanceof Json.Members object)
            return member(text, object, "keyName") + ":" + member(text, object, "sig");
        return string(text, "signatures", json);
    }

    private static NixSyntaxException wrong(String text, String fault) {
        return NixSyntaxException.of(WHAT, text, fault);
    }
}
