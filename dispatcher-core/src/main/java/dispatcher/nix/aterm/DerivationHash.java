package dispatcher.nix.aterm;

import dispatcher.nix.Derivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/// Hashes derivations "modulo" their fixed outputs: two that differ only in how a fixed output is fetched have
/// the same hash. Output paths follow from it.
///
/// A derivation with a fixed output has the SHA-256 of `fixed:out:<method and algorithm>:<base 16>:<path>`. Any
/// other has that of its text, with the path of each input derivation replaced by that one's hash. *Masked*
/// means that its own output paths are left out of the text, which is how they can follow from it.
///
/// Remembers the hashes of input derivations; confined to one thread.
/// Source: Nix 2.8, `src/libstore/derivations.cc`; Nix 2.36, `src/libstore/derivation/modulo.cc`.
public final class DerivationHash {
    private static final Hash IMPURE = Hash.sha256("impure".getBytes(StandardCharsets.US_ASCII));

    private final StoreDir storeDir;
    private final Function<StorePath, Derivation> resolver;
    private final boolean strict;
    private final Memory memory;
    private final Map<StorePath, Modulo> known = new HashMap<>();

    /// The hash of each output; they only differ where each is fixed.
    ///
    /// @param deferred whether an output path is not known before builds further up have been done, so that no path
    ///     may be made from the hashes; they still distinguish realisations
    public record Modulo(SortedMap<String, Hash> outputs, boolean deferred) {
        public Modulo {
            outputs = Collections.unmodifiableSortedMap(new TreeMap<>(outputs));
        }

        /// @throws NixSyntaxException if the derivation has no such output
        public Hash output(String name) {
            var hash = outputs.get(name);
            if (hash == null)
                throw NixSyntaxException.of(
                        "known output of the derivation", name, "it has " + String.join(", ", outputs.keySet()));
            return hash;
        }
    }

    /// What others need to know of a derivation that they depend on.
    ///
    /// @param unmasked its hash in theirs
    public record Input(SortedMap<String, DerivationOutput> outputs, Modulo unmasked) {
        public Input {
            outputs = Collections.unmodifiableSortedMap(new TreeMap<>(outputs));
        }
    }

    /// What was found out about derivations, by their paths: a path stands for one text, so it stays true.
    public interface Memory {
        Memory NONE = new Memory() {
            @Override
            public Optional<Input> of(StorePath path) {
                return Optional.empty();
            }

            @Override
            public void add(StorePath path, Input input) {}
        };

        Optional<Input> of(StorePath path);

        void add(StorePath path, Input input);
    }

    /// @param resolver gives each derivation that one to be hashed depends on; what it throws comes through
    public DerivationHash(StoreDir storeDir, Function<StorePath, Derivation> resolver) {
        this(storeDir, resolver, false, Memory.NONE);
    }

    private DerivationHash(StoreDir storeDir, Function<StorePath, Derivation> resolver, boolean strict, Memory memory) {
        this.storeDir = storeDir;
        this.resolver = resolver;
        this.strict = strict;
        this.memory = memory;
    }

    /// For derivations of somebody who is not believed: makes no hash of one that depends on a derivation to
    /// which there is an [#objection].
    ///
    /// @param resolver as for the constructor; not asked for what is remembered
    /// @param memory   of nothing but what such hashes have found out about the same derivations
    public static DerivationHash strict(StoreDir storeDir, Function<StorePath, Derivation> resolver, Memory memory) {
        return new DerivationHash(storeDir, resolver, true, memory);
    }

    /// The hash from which the output paths follow, and by which realisations are known.
    public Modulo masked(Derivation derivation) {
        return hash(derivation, true);
    }

    /// The hash that stands for a derivation in those that depend on it.
    public Modulo unmasked(Derivation derivation) {
        return hash(derivation, false);
    }

    /// The path that each output should have, where one follows from the derivation.
    ///
    /// @param name the derivation's: its path's name without `.drv`
    public SortedMap<String, StorePath> outputPaths(String name, Derivation derivation) {
        var paths = new TreeMap<String, StorePath>();
        var modulo = Optional.<Modulo>empty();
        for (var entry : derivation.outputs().entrySet()) {
            var output = entry.getKey();
            switch (entry.getValue()) {
                case DerivationOutput.Fixed fixed ->
                    paths.put(
                            output,
                            StorePaths.fixedOutput(
                                    storeDir,
                                    StorePaths.outputName(name, output),
                                    fixed.method().method(),
                                    fixed.hash()));
                case DerivationOutput.InputAddressed _, DerivationOutput.Deferred _ -> {
                    if (modulo.isEmpty()) modulo = Optional.of(masked(derivation));
                    if (!modulo.get().deferred())
                        paths.put(
                                output,
                                StorePaths.output(
                                        storeDir, name, output, modulo.get().output(output)));
                }
                case DerivationOutput.Floating _, DerivationOutput.Impure _ -> {}
            }
        }
        return paths;
    }

    /// What a derivation says that no derivation does that Nix has made: an output at another path, a variable of an
    /// output that holds something else, outputs of several kinds. Empty if there is no such thing.
    ///
    /// @param name the derivation's: its path's name without `.drv`
    /// @throws NixSyntaxException if there is such a thing with a derivation that it depends on, and this is strict
    public Optional<String> objection(String name, Derivation derivation) {
        return new DerivationInvariants(storeDir, derivation, outputPaths(name, derivation)).objection();
    }

    /// Has a derivation remembered, so that those that depend on it need not be hashed from its text.
    ///
    /// @param path       which has been found to be that of the derivation's text
    /// @param derivation one to which there is no objection, and this is strict
    public void remember(StorePath path, Derivation derivation) {
        if (!strict) throw new IllegalStateException("what was not checked is not remembered");
        memory.add(
                path, new Input(derivation.outputs(), isFixed(derivation) ? fixed(derivation) : unmasked(derivation)));
    }

    /// The path of a `.drv` file.
    ///
    /// @param name without `.drv`
    public static StorePath derivationPath(StoreDir storeDir, String name, Derivation derivation) {
        var text = DerivationText.print(storeDir, derivation);
        return StorePaths.text(storeDir, name + ".drv", Hash.sha256(text), derivation.references());
    }

    private Modulo hash(Derivation derivation, boolean masked) {
        hashInputs(derivation);
        return hashKnowingInputs(derivation, masked);
    }

    /// Hashes all that a derivation depends on, the deepest first; graphs are deeper than a thread's stack.
    private void hashInputs(Derivation root) {
        record Pending(StorePath path, Optional<Derivation> withInputsDone) {}
        var pending = new ArrayDeque<Pending>();
        var seen = new HashSet<StorePath>();
        for (var input : root.inputDerivations().keySet()) pending.push(new Pending(input, Optional.empty()));
        while (!pending.isEmpty()) {
            var next = pending.pop();
            if (known.containsKey(next.path())) continue;
            if (next.withInputsDone().isPresent()) {
                var derivation = next.withInputsDone().get();
                var modulo = unmaskedInput(next.path(), derivation);
                known.put(next.path(), modulo);
                memory.add(next.path(), new Input(derivation.outputs(), modulo));
                continue;
            }
            var remembered = memory.of(next.path());
            if (remembered.isPresent()) {
                known.put(next.path(), remembered.get().unmasked());
                continue;
            }
            if (!seen.add(next.path()))
                throw NixSyntaxException.of("derivation", next.path().baseName(), "it depends on itself");
            var derivation = resolver.apply(next.path());
            pending.push(new Pending(next.path(), Optional.of(derivation)));
            if (isFixed(derivation)) continue;
            for (var input : derivation.inputDerivations().keySet()) pending.push(new Pending(input, Optional.empty()));
        }
    }

    /// Its own inputs are known.
    private Modulo unmaskedInput(StorePath path, Derivation derivation) {
        if (strict)
            objection(path.derivationName(), derivation).ifPresent(objection -> {
                throw NixSyntaxException.of("valid derivation", path.baseName(), objection);
            });
        return hashKnowingInputs(derivation, false);
    }

    private Modulo hashKnowingInputs(Derivation derivation, boolean masked) {
        if (isFixed(derivation)) return fixed(derivation);
        if (derivation.outputs().values().stream().anyMatch(DerivationOutput.Impure.class::isInstance))
            return same(derivation, IMPURE, true);
        boolean deferred = derivation.outputs().values().stream().anyMatch(DerivationOutput.Floating.class::isInstance);
        var inputs = new TreeMap<String, SortedSet<String>>();
        for (var input : derivation.inputDerivations().entrySet()) {
            var modulo = known.get(input.getKey());
            if (modulo == null) throw new IllegalStateException("the input %s was not hashed".formatted(input));
            deferred |= modulo.deferred() || !input.getValue().dynamic().isEmpty();
            for (var name : input.getValue().names())
                inputs.computeIfAbsent(modulo.output(name).base16(), _ -> new TreeSet<>())
                        .add(name);
        }
        var text = DerivationText.printForHash(storeDir, derivation, masked, inputs);
        return same(derivation, Hash.sha256(text), deferred);
    }

    private Modulo fixed(Derivation derivation) {
        var hashes = new TreeMap<String, Hash>();
        derivation.outputs().forEach((name, output) -> {
            var text = "fixed:out:%s:%s:%s"
                    .formatted(
                            output.methodText(),
                            output.hashText(),
                            output.path().map(storeDir::print).orElseThrow());
            hashes.put(name, Hash.sha256(text.getBytes(StandardCharsets.UTF_8)));
        });
        return new Modulo(hashes, false);
    }

    private static Modulo same(Derivation derivation, Hash hash, boolean deferred) {
        var hashes = new TreeMap<String, Hash>();
        for (var output : derivation.outputs().keySet()) hashes.put(output, hash);
        return new Modulo(hashes, deferred);
    }

    private static boolean isFixed(Derivation derivation) {
        return !derivation.outputs().isEmpty()
                && derivation.outputs().values().stream().allMatch(DerivationOutput.Fixed.class::isInstance);
    }
}
