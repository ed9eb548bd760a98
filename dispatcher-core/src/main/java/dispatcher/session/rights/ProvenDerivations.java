package dispatcher.session.rights;

import dispatcher.graph.Closure;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.Derivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.nix.aterm.DerivationHash;
import dispatcher.nix.aterm.DerivationText;
import dispatcher.nix.nar.NarParser;
import dispatcher.nix.nar.NarSyntaxException;
import dispatcher.nix.nar.NarVisitor;
import dispatcher.store.PathSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/// Finds out whether a derivation may be built for an untrusted client: whether the paths of its outputs
/// are those that follow from what they will hold, or from the derivation itself.
///
/// A `.drv` file proves itself, as its path follows from its text, and so do those that it names. Used for one
/// derivation, on the thread of its client. What is proven of the derivations that it depends on is remembered
/// for all: of these, only those are read that were not proven lately, so that a graph costs the reading of each
/// file once. The file of the derivation itself must be here each time.
public final class ProvenDerivations {
    /// Of one `.drv` file, which has to be in memory to be hashed.
    private static final long MOST_BYTES = 16L << 20;

    private final PathSource paths;
    private final StoreDir storeDir;
    private final ProvenInputs proven;
    private final DerivationHash hash;

    public ProvenDerivations(PathSource paths, StoreDir storeDir, ProvenInputs proven) {
        this.paths = paths;
        this.storeDir = storeDir;
        this.proven = proven;
        this.hash = DerivationHash.strict(storeDir, this::readOrFail, proven);
    }

    /// What may be built as it is.
    public record Proven(StorePath drvPath, BasicDerivation derivation) {}

    /// A derivation by its parts.
    ///
    /// @throws StoreRefusedException if nothing proves it
    public Proven prove(StorePath drvPath, BasicDerivation derivation) throws IOException, InterruptedException {
        var outputs = derivation.outputs().values();
        if (outputs.stream().anyMatch(ProvenDerivations::followsFromDerivation)) {
            var proven = prove(drvPath);
            requireSame(drvPath, derivation, proven.derivation());
            return proven;
        }
        var whole = Derivation.resolved(derivation);
        requireOutputs(drvPath, whole);
        return new Proven(derivationPath(drvPath, whole), derivation);
    }

    /// What is not believed either is that a derivation has this path, nor that its parts can be in a `.drv`
    /// file: with quotes in its platform or in the name of an output, its text could be that of another
    /// derivation.
    private StorePath derivationPath(StorePath drvPath, Derivation whole) throws StoreRefusedException {
        try {
            if (!DerivationText.parse(storeDir, DerivationText.print(storeDir, whole))
                    .equals(whole)) throw refused(drvPath, "its text would be that of another derivation");
            return DerivationHash.derivationPath(storeDir, drvPath.derivationName(), whole);
        } catch (NixSyntaxException e) {
            throw refused(drvPath, String.valueOf(e.getMessage()));
        }
    }

    private static boolean followsFromDerivation(DerivationOutput output) {
        return switch (output) {
            case DerivationOutput.InputAddressed _, DerivationOutput.Deferred _ -> true;
            case DerivationOutput.Fixed _, DerivationOutput.Floating _, DerivationOutput.Impure _ -> false;
        };
    }

    /// A derivation by its `.drv` file, with the whole closure of its inputs.
    ///
    /// @throws StoreRefusedException if the file, one that it names or an input is not here, or it proves nothing
    public Proven prove(StorePath drvPath) throws IOException, InterruptedException {
        var derivation = read(drvPath);
        if (derivation.outputs().isEmpty()) throw refused(drvPath, "it has no outputs");
        if (derivation.hasDynamicInputs()) throw refused(drvPath, "it depends on derivations that others make");
        requireOutputs(drvPath, derivation);
        hash.remember(drvPath, derivation);
        return new Proven(drvPath, derivation.toBasic(closure(drvPath, inputs(drvPath, derivation))));
    }

    /// A reading that failed inside of a computation that knows no such thing.
    private static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failed(Exception cause) {
            super(cause);
        }
    }

    private Derivation readOrFail(StorePath drvPath) {
        try {
            return read(drvPath);
        } catch (IOException | InterruptedException e) {
            throw new Failed(e);
        }
    }

    private void requireOutputs(StorePath drvPath, Derivation derivation) throws IOException, InterruptedException {
        Optional<String> objection;
        try {
            objection = hash.objection(drvPath.derivationName(), derivation);
        } catch (NixSyntaxException e) {
            throw refused(drvPath, String.valueOf(e.getMessage()));
        } catch (Failed e) {
            if (e.getCause() instanceof InterruptedException interrupted) throw interrupted;
            if (e.getCause() instanceof IOException failure) throw failure;
            throw e;
        }
        if (objection.isPresent()) throw refused(drvPath, objection.get());
        for (var output : derivation.outputs().entrySet())
            if (output.getValue() instanceof DerivationOutput.Deferred)
                throw refused(drvPath, "the path of its output %s is not known yet".formatted(output.getKey()));
    }

    /// The inputs may be listed as their closure or as their roots; what is built has the closure.
    private void requireSame(StorePath drvPath, BasicDerivation asked, BasicDerivation known)
            throws StoreRefusedException {
        if (!asked.outputs().equals(known.outputs())
                || !asked.platform().equals(known.platform())
                || !asked.builder().equals(known.builder())
                || !asked.arguments().equals(known.arguments())
                || !asked.environment().equals(known.environment()))
            throw refused(drvPath, "what is to be built is not what this file says");
    }

    /// What the build reads, without what that refers to.
    private SortedSet<StorePath> inputs(StorePath drvPath, Derivation derivation)
            throws IOException, InterruptedException {
        var inputs = new TreeSet<>(derivation.inputSources());
        for (var input : derivation.inputDerivations().entrySet()) {
            var outputs = outputs(input.getKey());
            for (var name : input.getValue().names()) {
                var output = outputs.get(name);
                if (output == null) throw refused(drvPath, "%s has no output %s".formatted(input.getKey(), name));
                inputs.add(output.path()
                        .orElseThrow(() -> refused(
                                drvPath,
                                "the path of the output %s of %s is not known".formatted(name, input.getKey()))));
            }
        }
        return inputs;
    }

    private SortedMap<String, DerivationOutput> outputs(StorePath drvPath) throws IOException, InterruptedException {
        var known = proven.of(drvPath);
        return known.isPresent() ? known.get().outputs() : read(drvPath).outputs();
    }

    private SortedSet<StorePath> closure(StorePath drvPath, SortedSet<StorePath> roots)
            throws IOException, InterruptedException {
        var closure = Closure.of(roots, paths::infos);
        if (closure.unknown().isEmpty()) return closure.paths();
        throw refused(
                drvPath,
                "its input %s is not here, and you have to copy it here first"
                        .formatted(storeDir.print(closure.unknown().first())));
    }

    /// What a `.drv` file says, if its text is that of its path.
    private Derivation read(StorePath drvPath) throws IOException, InterruptedException {
        if (!drvPath.isDerivation()) throw refused(drvPath, "it is not the path of a .drv file");
        var info = paths.info(drvPath);
        if (info.isEmpty())
            throw refused(
                    drvPath,
                    "its .drv file is not here; copy it here with all that it refers to, such as by `nix copy --derivation --to STORE %s`"
                            .formatted(storeDir.print(drvPath)));
        try {
            var text = text(info.get());
            var derivation = DerivationText.parse(storeDir, text);
            var expected = StorePaths.text(storeDir, drvPath.name(), Hash.sha256(text), derivation.references());
            if (expected.equals(drvPath)) return derivation;
        } catch (NixSyntaxException | NarSyntaxException e) {
            throw refused(drvPath, "its .drv file cannot be read: " + e.getMessage());
        }
        throw refused(drvPath, "its .drv file does not have the text that belongs to this path");
    }

    /// What the files in a path hold, which for a `.drv` file is the file.
    private byte[] text(PathInfo info) throws IOException, InterruptedException {
        var text = new ByteArrayOutputStream();
        var parser = new NarParser(new NarVisitor() {
            @Override
            public void contents(byte[] bytes, int offset, int length) {
                text.write(bytes, offset, length);
            }
        });
        var _ = paths.narFromPath(info.path(), Verify.byReceiver(info), new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (parser.position() + length > MOST_BYTES) throw tooLarge(info.path());
                parser.accept(bytes, offset, length);
            }
        });
        return text.toByteArray();
    }

    private StoreRefusedException tooLarge(StorePath drvPath) {
        return refused(drvPath, "its .drv file is larger than %d bytes".formatted(MOST_BYTES));
    }

    private StoreRefusedException refused(StorePath drvPath, String why) {
        return new StoreRefusedException(
                "'%s' is not built for a client that is not trusted: %s".formatted(storeDir.print(drvPath), why));
    }
}
