package dispatcher.nix;

import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// Realisations as JSON, the form of Nix 2.4 to 2.34 in both protocols.
///
/// Shape: an object of `dependentRealisations` (id to base name), `id`, `outPath` (base name, no directory) and
/// `signatures`. Source: Nix 2.34, `src/libstore/realisation.cc`.
public final class RealisationJson {
    private static final String WHAT = "realisation";

    private RealisationJson() {}

    /// Reads a realisation; what it may lack is empty then, and members that are not known are skipped. A signature
    /// may
    /// also be an object of `keyName` and `sig`, as newer versions have it.
    ///
    /// @throws NixSyntaxException if it is none
    public static Realisation parse(String text) {
        var members = members(text, parseJson(text));
        var signatures = new TreeSet<String>();
        for (var value : elements(text, members)) signatures.add(signature(text, value));
        var dependencies = new TreeMap<String, StorePath>();
        members.get("dependentRealisations")
                .map(map -> members(text, map).values())
                .orElse(Map.of())
                .forEach((id, path) -> dependencies.put(id, StorePath.parse(string(text, id, path))));
        return new Realisation(
                member(text, members, "id"),
                StorePath.parse(member(text, members, "outPath")),
                signatures,
                dependencies);
    }

    /// The compact form with sorted names, which is also what realisations are signed over.
    public static String print(Realisation realisation) {
        var dependencies = new TreeMap<String, Json>();
        realisation.dependentRealisations().forEach((id, path) -> dependencies.put(id, new Json.Text(path.baseName())));
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("dependentRealisations", new Json.Members(dependencies));
        members.put("id", new Json.Text(realisation.id()));
        members.put("outPath", new Json.Text(realisation.outPath().baseName()));
        members.put(
                "signatures",
                new Json.Elements(realisation.signatures().stream()
                        .<Json>map(Json.Text::new)
                        .toList()));
        return new Json.Members(members).print();
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
