package dispatcher.nix.aterm;

import dispatcher.nix.ByteString;
import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Reads the text of a `.drv` file.
///
/// Shape, without any blanks:
/// ```
/// Derive([(name,path,method,hash)…],[(drvPath,[output…])…],[path…],platform,builder,[argument…],[(key,value)…])
/// ```
/// where all are strings in double quotes with `\"`, `\\`, `\n`, `\r`, `\t`. With inputs that are outputs of
/// derivations that are outputs themselves, it begins with `DrvWithVersion("xp-dyn-drv",` and the second part
/// of such an input is `([output…],[(output,second part)…])`.
///
/// Strict, but for the order of sets and maps and for needless escapes, both of which Nix takes too.
/// Source: Nix 2.36, `src/libstore/derivation/aterm.cc`.
final class DerivationParser {
    private static final String WHAT = "derivation";
    private static final int SHOWN = 30;
    private static final int MAX_DYNAMIC_DEPTH = 64;

    private final StoreDir storeDir;
    private final byte[] text;
    private int position;
    private boolean dynamic;

    DerivationParser(StoreDir storeDir, byte[] text) {
        this.storeDir = storeDir;
        this.text = text;
    }

    Derivation parse() {
        if (takes("DrvWithVersion(")) {
            int start = position;
            var version = name();
            if (!version.equals("xp-dyn-drv")) throw fail(start, "version '%s' is not known".formatted(version));
            expect(",");
            dynamic = true;
        } else {
            expect("Derive(");
        }
        var outputs = outputs();
        expect(",");
        var inputDerivations = inputDerivations();
        expect(",");
        var inputSources = inputSources();
        expect(",");
        var platform = name();
        expect(",");
        var builder = string();
        expect(",");
        var arguments = arguments();
        expect(",");
        var environment = environment();
        expect(")");
        if (position < text.length) throw fail(position, "the derivation is over, but the text is not");
        return new Derivation(outputs, inputDerivations, inputSources, platform, builder, arguments, environment);
    }

    private SortedMap<String, DerivationOutput> outputs() {
        var outputs = new TreeMap<String, DerivationOutput>();
        list(() -> {
            expect("(");
            int start = position;
            var name = outputName();
            expect(",");
            var path = name();
            expect(",");
            var method = name();
            expect(",");
            var hash = name();
            expect(")");
            try {
                if (outputs.put(name, DerivationOutput.parse(storeDir, path, method, hash)) != null)
                    throw fail(start, "the output '%s' is there twice".formatted(name));
            } catch (NixSyntaxException e) {
                throw fail(start, "output '%s': %s".formatted(name, e.getMessage()));
            }
        });
        return outputs;
    }

    private SortedMap<StorePath, InputOutputs> inputDerivations() {
        var inputs = new TreeMap<StorePath, InputOutputs>();
        list(() -> {
            expect("(");
            int start = position;
            var path = storePath();
            if (!path.isDerivation()) throw fail(start, "'%s' is not the path of a derivation".formatted(path));
            expect(",");
            var outputs = inputOutputs(0);
            expect(")");
            inputs.merge(path, outputs, (a, b) -> {
                throw fail(start, "the input '%s' is there twice".formatted(path));
            });
        });
        return inputs;
    }

    private InputOutputs inputOutputs(int depth) {
        if (depth > MAX_DYNAMIC_DEPTH) throw fail(position, "dynamic outputs are nested too deeply");
        var below = new TreeMap<String, InputOutputs>();
        if (!dynamic || !takes("(")) return new InputOutputs(outputNames(), below);
        var names = outputNames();
        expect(",");
        list(() -> {
            expect("(");
            int start = position;
            var name = outputName();
            expect(",");
            if (below.put(name, inputOutputs(depth + 1)) != null)
                throw fail(start, "the output '%s' is there twice".formatted(name));
            expect(")");
        });
        expect(")");
        return new InputOutputs(names, below);
    }

    private SortedSet<String> outputNames() {
        var names = new TreeSet<String>();
        list(() -> names.add(outputName()));
        return names;
    }

    private SortedSet<StorePath> inputSources() {
        var sources = new TreeSet<StorePath>();
        list(() -> sources.add(storePath()));
        return sources;
    }

    private List<ByteString> arguments() {
        var arguments = new ArrayList<ByteString>();
        list(() -> arguments.add(string()));
        return arguments;
    }

    private SortedMap<ByteString, ByteString> environment() {
        var environment = new TreeMap<ByteString, ByteString>();
        list(() -> {
            expect("(");
            int start = position;
            var key = string();
            expect(",");
            if (environment.put(key, string()) != null)
                throw fail(start, "the variable '%s' is there twice".formatted(key));
            expect(")");
        });
        return environment;
    }

    private void list(Runnable element) {
        expect("[");
        if (takes("]")) return;
        do element.run();
        while (takes(","));
        if (!takes("]")) throw fail(position, "',' or ']' expected");
    }

    private StorePath storePath() {
        int start = position;
        var path = name();
        try {
            return storeDir.parse(path);
        } catch (NixSyntaxException e) {
            throw fail(start, "%s".formatted(e.getMessage()));
        }
    }

    private String outputName() {
        int start = position;
        var name = name();
        try {
            return StorePath.requireName("output name", name);
        } catch (NixSyntaxException e) {
            throw fail(start, "%s".formatted(e.getMessage()));
        }
    }

    /// A string that is written without escapes: printable ASCII.
    private String name() {
        expect("\"");
        int start = position;
        while (position < text.length && text[position] != '"') {
            byte b = text[position];
            if (b < 0x20 || b == 0x7f || b == '\\') throw fail(position, "a printable ASCII character expected");
            position++;
        }
        expect("\"");
        return new String(text, start, position - 1 - start, StandardCharsets.US_ASCII);
    }

    private ByteString string() {
        expect("\"");
        int start = position;
        while (position < text.length && text[position] != '"' && text[position] != '\\') position++;
        if (position < text.length && text[position] == '"') return ByteString.copyOf(text, start, position++);
        var bytes = new ByteArrayOutputStream();
        bytes.write(text, start, position - start);
        while (position < text.length && text[position] != '"') {
            byte b = text[position++];
            if (b == '\\') {
                if (position == text.length) break;
                b = unescape(text[position++]);
            }
            bytes.write(b);
        }
        expect("\"");
        return ByteString.wrap(bytes.toByteArray());
    }

    private static byte unescape(byte escaped) {
        return switch (escaped) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> escaped;
        };
    }

    private boolean takes(String token) {
        if (text.length - position < token.length()) return false;
        for (int i = 0; i < token.length(); i++) if (text[position + i] != token.charAt(i)) return false;
        position += token.length();
        return true;
    }

    private void expect(String token) {
        if (!takes(token)) throw fail(position, "'%s' expected".formatted(token));
    }

    private NixSyntaxException fail(int where, String fault) {
        int from = Math.max(0, where - SHOWN);
        int to = Math.min(text.length, where + SHOWN);
        var excerpt = (from > 0 ? "…" : "")
                + new String(text, from, to - from, StandardCharsets.UTF_8)
                + (to < text.length ? "…" : "");
        return NixSyntaxException.of(WHAT, excerpt, "at byte %d: %s".formatted(where, fault));
    }
}
