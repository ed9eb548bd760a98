package dispatcher.nix.aterm;

import dispatcher.nix.ByteString;
import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/// `.drv` text, read and written. What Nix has written comes out again byte for byte.
///
/// Source: Nix 2.36, `src/libstore/derivation/aterm.cc`.
public final class DerivationText {
    private DerivationText() {}

    /// @throws dispatcher.nix.NixSyntaxException if it is not the text of a derivation of this store
    public static Derivation parse(StoreDir storeDir, byte[] text) {
        return new DerivationParser(storeDir, text).parse();
    }

    /// The content of the `.drv` file.
    public static byte[] print(StoreDir storeDir, Derivation derivation) {
        var inputs = new TreeMap<String, InputOutputs>();
        derivation.inputDerivations().forEach((path, outputs) -> inputs.put(storeDir.print(path), outputs));
        return new Printer(storeDir).print(derivation, derivation.hasDynamicInputs(), false, inputs);
    }

    /// The text that is hashed to identify a derivation, see [DerivationHash].
    ///
    /// @param masked without the output paths, also those in the environment
    /// @param inputs output names by base-16 hash, in place of the input derivations
    static byte[] printForHash(
            StoreDir storeDir, Derivation derivation, boolean masked, SortedMap<String, SortedSet<String>> inputs) {
        var plain = new TreeMap<String, InputOutputs>();
        inputs.forEach((hash, names) -> plain.put(hash, new InputOutputs(names, new TreeMap<>())));
        return new Printer(storeDir).print(derivation, false, masked, plain);
    }

    private static final class Printer {
        private final StoreDir storeDir;
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Printer(StoreDir storeDir) {
            this.storeDir = storeDir;
        }

        byte[] print(Derivation derivation, boolean dynamic, boolean masked, Map<String, InputOutputs> inputs) {
            add(dynamic ? "DrvWithVersion(\"xp-dyn-drv\"," : "Derive(");
            list(derivation.outputs().entrySet(), output -> {
                add("(");
                output(output.getKey(), output.getValue(), masked);
                add(")");
            });
            add(",");
            list(inputs.entrySet(), input -> {
                add("(");
                name(input.getKey());
                add(",");
                inputOutputs(input.getValue());
                add(")");
            });
            add(",");
            list(derivation.inputSources(), path -> name(storeDir.print(path)));
            add(",");
            name(derivation.platform());
            add(",");
            string(derivation.builder());
            add(",");
            list(derivation.arguments(), this::string);
            add(",");
            Set<String> outputNames = derivation.outputs().keySet();
            list(derivation.environment().entrySet(), variable -> {
                add("(");
                string(variable.getKey());
                add(",");
                boolean blank = masked && outputNames.contains(variable.getKey().utf8());
                string(blank ? ByteString.EMPTY : variable.getValue());
                add(")");
            });
            add(")");
            return out.toByteArray();
        }

        private void output(String name, DerivationOutput output, boolean masked) {
            name(name);
            add(",");
            name(masked ? "" : output.path().map(storeDir::print).orElse(""));
            add(",");
            name(output.methodText());
            add(",");
            name(output.hashText());
        }

        private void inputOutputs(InputOutputs outputs) {
            if (outputs.dynamic().isEmpty()) {
                list(outputs.names(), this::name);
                return;
            }
            add("(");
            list(outputs.names(), this::name);
            add(",");
            list(outputs.dynamic().entrySet(), below -> {
                add("(");
                name(below.getKey());
                add(",");
                inputOutputs(below.getValue());
                add(")");
            });
            add(")");
        }

        private <T> void list(Collection<T> elements, java.util.function.Consumer<T> element) {
            add("[");
            boolean first = true;
            for (var each : elements) {
                if (!first) add(",");
                first = false;
                element.accept(each);
            }
            add("]");
        }

        private void name(String text) {
            add("\"");
            add(text);
            add("\"");
        }

        private void string(ByteString text) {
            add("\"");
            for (int i = 0; i < text.length(); i++) {
                byte b = text.at(i);
                switch (b) {
                    case '"' -> add("\\\"");
                    case '\\' -> add("\\\\");
                    case '\n' -> add("\\n");
                    case '\r' -> add("\\r");
                    case '\t' -> add("\\t");
                    default -> out.write(b);
                }
            }
            add("\"");
        }

        private void add(String ascii) {
            for (int i = 0; i < ascii.length(); i++) out.write(ascii.charAt(i));
        }
    }
}
