package dispatcher.nix.attributes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a derivation says about the way it wants to be built.
///
/// Derivations with structured attributes have it as JSON under `__json`, and only there; all others as plain
/// variables, where a flag is set by exactly `1` and a list is separated by blanks.
///
/// Source: Nix 2.36, `src/libstore/derivation-options.cc`.
///
/// @param requiredSystemFeatures with `ca-derivations` if an output's path is not known before the build
/// @param preferLocalBuild       too small to be worth a copy to another machine
/// @param allowSubstitutes       whether outputs may come from a binary cache; true unless said otherwise
/// @param noChroot               wants to be built without a sandbox, which most machines refuse
/// @param allowLocalNetworking   macOS only
/// @param sandboxProfile         macOS only
/// @param impureHostDeps         macOS only: paths outside of the store that the sandbox lets through
/// @param impureEnvVars          variables of the daemon that fixed outputs may see
/// @param passAsFile             variables that are passed as files
/// @param structured             whether it has structured attributes
/// @param machine                `dispatcherMachine`, which Nix knows nothing of: name of the only machine that may
///                               build it
public record DerivationAttributes(
        SortedSet<String> requiredSystemFeatures,
        boolean preferLocalBuild,
        boolean allowSubstitutes,
        boolean noChroot,
        boolean allowLocalNetworking,
        String sandboxProfile,
        SortedSet<String> impureHostDeps,
        SortedSet<String> impureEnvVars,
        SortedSet<String> passAsFile,
        boolean structured,
        Optional<String> machine) {
    /// The feature that a machine needs to build outputs whose paths are not known beforehand.
    public static final String CA_DERIVATIONS = "ca-derivations";

    private static final ByteString JSON = ByteString.of("__json");

    /// Larger sets of structured attributes are read in part: they take twenty times as much when they have been
    /// read.
    private static final int LARGE_JSON = 1 << 20;

    private static final String MACHINE = "dispatcherMachine";

    private static final Set<String> NAMES = Set.of(
            "requiredSystemFeatures",
            "preferLocalBuild",
            "allowSubstitutes",
            "__noChroot",
            "__darwinAllowLocalNetworking",
            "__sandboxProfile",
            "__impureHostDeps",
            "impureEnvVars",
            "passAsFile",
            MACHINE);

    public DerivationAttributes {
        requiredSystemFeatures = Collections.unmodifiableSortedSet(new TreeSet<>(requiredSystemFeatures));
        impureHostDeps = Collections.unmodifiableSortedSet(new TreeSet<>(impureHostDeps));
        impureEnvVars = Collections.unmodifiableSortedSet(new TreeSet<>(impureEnvVars));
        passAsFile = Collections.unmodifiableSortedSet(new TreeSet<>(passAsFile));
    }

    /// @throws NixSyntaxException if an attribute has a value of the wrong type, or `__json` is not a JSON object
    public static DerivationAttributes of(BasicDerivation derivation) {
        var source = source(derivation.environment(), NAMES);
        var features = source.list("requiredSystemFeatures");
        if (derivation.outputs().values().stream()
                .anyMatch(output -> output.path().isEmpty())) features.add(CA_DERIVATIONS);
        return new DerivationAttributes(
                features,
                source.flag("preferLocalBuild", false),
                source.flag("allowSubstitutes", true),
                source.flag("__noChroot", false),
                source.flag("__darwinAllowLocalNetworking", false),
                source.text("__sandboxProfile"),
                source.list("__impureHostDeps"),
                source.list("impureEnvVars"),
                source.list("passAsFile"),
                source instanceof Structured,
                Optional.of(source.text(MACHINE)).filter(name -> !name.isEmpty()));
    }

    /// An attribute that is a whole number, not negative; empty if there is none or it is something else.
    ///
    /// @throws NixSyntaxException if `__json` is not a JSON object
    public static OptionalLong number(BasicDerivation derivation, String name) {
        var text = source(derivation.environment(), Set.of(name)).number(name);
        if (!text.matches("\\d{1,18}")) return OptionalLong.empty();
        return OptionalLong.of(Long.parseLong(text));
    }

    /// @param names that will be asked for
    private static Source source(SortedMap<ByteString, ByteString> environment, Set<String> names) {
        var json = environment.get(JSON);
        if (json == null) return new Plain(environment);
        try {
            if (json.length() > LARGE_JSON) return new Structured(LargeJson.members(json, names));
            if (Json.parse(json.toByteArray()) instanceof ObjectNode members) return new Structured(members);
        } catch (JsonSyntaxException e) {
            throw unreadable(json, "it is " + e.getMessage());
        }
        throw unreadable(json, "it is not a JSON object");
    }

    private static NixSyntaxException unreadable(ByteString json, String why) {
        var shown = json.length() > LARGE_JSON ? "(%d bytes)".formatted(json.length()) : json.utf8();
        return NixSyntaxException.of("set of structured attributes", shown, why);
    }

    private sealed interface Source {
        boolean flag(String name, boolean otherwise);

        String text(String name);

        /// Its digits, or anything else if it is no number.
        String number(String name);

        SortedSet<String> list(String name);
    }

    private record Plain(SortedMap<ByteString, ByteString> environment) implements Source {
        private Optional<String> get(String name) {
            return Optional.ofNullable(environment.get(ByteString.of(name))).map(ByteString::utf8);
        }

        @Override
        public boolean flag(String name, boolean otherwise) {
            return get(name).map(value -> value.equals("1")).orElse(otherwise);
        }

        @Override
        public String text(String name) {
            return get(name).orElse("");
        }

        @Override
        public String number(String name) {
            return text(name);
        }

        @Override
        public SortedSet<String> list(String name) {
            var words = new TreeSet<String>();
            for (var word : text(name).split("[ \t\n\r]+", -1)) if (!word.isEmpty()) words.add(word);
            return words;
        }
    }

    private record Structured(ObjectNode members) implements Source {
        @Override
        public boolean flag(String name, boolean otherwise) {
            var value = members.path(name);
            if (value.isMissingNode()) return otherwise;
            if (value.isBoolean()) return value.booleanValue();
            throw wrong(name, "true or false");
        }

        @Override
        public String text(String name) {
            var value = members.path(name);
            if (value.isMissingNode()) return "";
            if (value.isTextual()) return value.textValue();
            throw wrong(name, "a string");
        }

        @Override
        public String number(String name) {
            var value = members.path(name);
            return value.isNumber() ? Json.print(value) : "";
        }

        @Override
        public SortedSet<String> list(String name) {
            var words = new TreeSet<String>();
            var value = members.path(name);
            if (value.isMissingNode()) return words;
            if (!value.isArray()) throw wrong(name, "a list of strings");
            for (var element : value) {
                if (!element.isTextual()) throw wrong(name, "a list of strings");
                words.add(element.textValue());
            }
            return words;
        }

        private NixSyntaxException wrong(String name, String expected) {
            return NixSyntaxException.of("value of the attribute " + name, Json.print(members.path(name)), expected);
        }
    }
}
