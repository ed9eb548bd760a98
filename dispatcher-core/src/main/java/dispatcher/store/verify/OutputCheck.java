package dispatcher.store.verify;

import dispatcher.graph.Descent;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.nix.attributes.DerivationAttributes;
import dispatcher.store.StoreReader;
import dispatcher.store.Verify;
import dispatcher.wire.FalseAnswerException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Compares what a machine says of a build's outputs with what that build can have made, before a client hears of
/// them. The outputs must be the derivation's. Each must be there, refer to nothing but inputs and outputs, and
/// have the content address that its kind asks for. Small NARs are fetched at once and compared with that address;
/// larger ones are compared when they are fetched.
///
/// Cost: one round trip for the infos, which the client then need not wait for, and one for each small output,
/// likewise. Used once, by the thread of the build.
public final class OutputCheck {
    /// More than any store has on one disk.
    private static final long LARGEST_NAR = 1L << 40;

    /// All outputs of a build together, up to here, are compared before the client hears of them.
    private static final long SMALL = 128 * 1024;

    /// Paths that one build may have made by Nix and refer to. More than the closure of any system has.
    public static final int MOST_MADE = 20_000;

    /// The feature of builds that build other things by Nix.
    private static final String RECURSIVE_NIX = "recursive-nix";

    private final StoreDir storeDir;
    private final String machine;
    private final StorePath drvPath;
    private final BasicDerivation derivation;
    private final StoreReader store;
    private final KnownInfos known;

    /// Path infos that are not the machine's.
    public interface KnownInfos {
        Map<StorePath, PathInfo> of(Collection<StorePath> paths) throws IOException, InterruptedException;
    }

    /// @param store the conversation in which the derivation was built
    /// @param known where the references of inputs are looked up, before the machine itself is asked
    public OutputCheck(
            StoreDir storeDir,
            String machine,
            StorePath drvPath,
            BasicDerivation derivation,
            StoreReader store,
            KnownInfos known) {
        this.storeDir = storeDir;
        this.machine = machine;
        this.drvPath = drvPath;
        this.derivation = derivation;
        this.store = store;
        this.known = known;
    }

    /// The outputs of a build.
    ///
    /// @param made what outputs refer to and the build itself has had built; only with the feature
    ///     `recursive-nix`
    public record Checked(List<BuiltOutput> outputs, List<BuiltOutput> made) {
        public static final Checked NOTHING = new Checked(List.of(), List.of());
    }

    /// Checks the outputs.
    ///
    /// @param result a success
    /// @throws FalseAnswerException   if it cannot be so
    /// @throws NoFixedOutputException if a fixed output is not there, or refers to store paths
    /// @throws MadeInBuildException   if an output refers to more than may be made in a build
    public Checked check(BuildResult result) throws IOException, InterruptedException {
        var outputs = outputs(result);
        if (outputs.isEmpty()) return Checked.NOTHING;
        var infos = store.queryPathInfos(outputs.keySet());
        var checked = new ArrayList<PathInfo>();
        for (var output : outputs.entrySet()) {
            var info = infos.get(output.getKey());
            if (output.getValue() instanceof DerivationOutput.Fixed) requireFixed(output.getKey(), info);
            if (info == null)
                throw falsehood("it says to have built %s, and does not have it".formatted(output.getKey()));
            checked.add(possible(info, output.getValue()));
        }
        var made = madeInBuild(checked, outputs.keySet());
        return new Checked(withSmallNars(checked), made);
    }

    /// Nix 2.4 to 2.10 make nothing of a fixed output that refers to store paths, and say that it was built. Nix 2.3
    /// makes it.
    private static void requireFixed(StorePath path, @Nullable PathInfo info) throws NoFixedOutputException {
        if (info == null)
            throw new NoFixedOutputException(
                    "it says that it built %s, and that is not valid there".formatted(path), true);
        if (!info.references().isEmpty())
            throw new NoFixedOutputException(
                    "it built %s, which refers to %s"
                            .formatted(path, info.references().first()),
                    false);
    }

    /// By path, the kind of the output.
    private Map<StorePath, DerivationOutput> outputs(BuildResult result)
            throws FalseAnswerException, NoFixedOutputException {
        var outputs = new TreeMap<StorePath, DerivationOutput>();
        for (var output : derivation.outputs().values()) output.path().ifPresent(path -> outputs.put(path, output));
        for (var realisation : result.outputs().entrySet()) {
            var name = realisation.getKey();
            var path = realisation.getValue().outPath();
            var output = derivation.outputs().get(name);
            if (output == null)
                throw falsehood(
                        "it says to have built the output '%s', which the derivation does not have".formatted(name));
            boolean elsewhere =
                    output.path().isPresent() && !output.path().get().equals(path);
            // Nix 2.4 to 2.10 make the path of a fixed output that refers to store paths from these too.
            if (elsewhere && output instanceof DerivationOutput.Fixed)
                throw new NoFixedOutputException(
                        "it says that it built %s instead of %s"
                                .formatted(path, output.path().get()),
                        true);
            if (elsewhere)
                throw falsehood("it says that the output '%s' is %s, and the derivation says %s"
                        .formatted(name, path, output.path().get()));
            if (!path.name().equals(StorePaths.outputName(drvPath.derivationName(), name)))
                throw falsehood("it says that the output '%s' is %s, which has another name".formatted(name, path));
            outputs.put(path, output);
        }
        requireAll(result.outputs().keySet());
        return outputs;
    }

    /// A path that is not known before the build is known from its result only, as all that build such derivations say.
    private void requireAll(Set<String> said) throws FalseAnswerException {
        for (var output : derivation.outputs().entrySet())
            if (output.getValue().path().isEmpty() && !said.contains(output.getKey()))
                throw falsehood("it says to have built %s, and does not say where the output '%s' is"
                        .formatted(drvPath, output.getKey()));
    }

    /// Refuses an info that no valid path can have, from any source.
    public static void requirePossible(StoreDir storeDir, PathInfo info) throws FalseAnswerException {
        if (info.narSize() < 1 || info.narSize() > LARGEST_NAR)
            throw falsehood("it says that the NAR of %s has %d bytes".formatted(info.path(), info.narSize()));
        if (info.contentAddress().isPresent() && !info.isContentAddressed(storeDir))
            throw falsehood("it says that %s has the content address %s, from which another path follows"
                    .formatted(info.path(), info.contentAddress().get()));
        if (AddressedNar.isOfNar(info.contentAddress())
                && !info.references().contains(info.path())
                && !info.contentAddress()
                        .get()
                        .hash()
                        .bytes()
                        .equals(info.narHash().bytes()))
            throw falsehood("it says that %s has the content address %s, and a NAR with the hash %s"
                    .formatted(info.path(), info.contentAddress().get(), info.narHash()));
    }

    private PathInfo possible(PathInfo info, DerivationOutput output) throws FalseAnswerException {
        return switch (output) {
            case DerivationOutput.InputAddressed _, DerivationOutput.Deferred _ -> {
                requirePossible(storeDir, info);
                yield info;
            }
            case DerivationOutput.Fixed fixed -> fixed(storeDir, info, fixed);
            case DerivationOutput.Floating(var method) -> addressed(info, method);
            case DerivationOutput.Impure(var method) -> addressed(info, method);
        };
    }

    /// What a machine says of an output that a derivation fixes, with its content address. The machine may not have
    /// reported that: it may have the output from a cache that does not know it.
    ///
    /// A path that does not follow from what the derivation fixes is the derivation's own fault.
    public static PathInfo fixed(StoreDir storeDir, PathInfo info, DerivationOutput.Fixed output)
            throws FalseAnswerException {
        requirePossible(storeDir, info);
        var expected = new ContentAddress(output.method().method(), output.hash());
        boolean isOther = info.contentAddress()
                .filter(address -> !address.equals(expected))
                .isPresent();
        boolean isWrong = AddressedNar.isOfNar(Optional.of(expected))
                && !expected.hash().bytes().equals(info.narHash().bytes());
        if (isOther || isWrong || !info.references().isEmpty())
            throw falsehood(
                    "it says that %s has %s, refers to %d paths and has a NAR with the hash %s, and the derivation fixes %s"
                            .formatted(
                                    info.path(),
                                    described(info),
                                    info.references().size(),
                                    info.narHash(),
                                    expected));
        return StorePaths.isAddressedBy(storeDir, info.path(), expected, List.of())
                ? info.withContentAddress(expected)
                : info;
    }

    private PathInfo addressed(PathInfo info, MethodAlgorithm method) throws FalseAnswerException {
        requirePossible(storeDir, info);
        requireMethod(info, method);
        return info;
    }

    private static void requireMethod(PathInfo info, MethodAlgorithm method) throws FalseAnswerException {
        if (info.contentAddress()
                .filter(address ->
                        address.method() == method.method() && address.hash().algorithm() == method.algorithm())
                .isEmpty())
            throw falsehood("it says that %s has %s, and the derivation asks for one by %s"
                    .formatted(info.path(), described(info), method.addressForm()));
    }

    private static String described(PathInfo info) {
        return info.contentAddress()
                .map(address -> "the content address " + address)
                .orElse("no content address");
    }

    /// What outputs refer to that is neither an output nor in the closure of the inputs, of which clients may
    /// have named the roots only: a build cannot have seen anything else, unless it had it built.
    private List<BuiltOutput> madeInBuild(Collection<PathInfo> infos, Set<StorePath> outputs)
            throws IOException, InterruptedException {
        var strange = new TreeSet<StorePath>();
        for (var info : infos) strange.addAll(info.references());
        strange.removeAll(outputs);
        strange.removeAll(derivation.inputSources());
        if (strange.isEmpty()) return List.of();
        boolean recursive =
                DerivationAttributes.of(derivation).requiredSystemFeatures().contains(RECURSIVE_NIX);
        var closure = closureOfInputs(strange, recursive);
        strange.removeAll(closure);
        if (strange.isEmpty()) return List.of();
        if (!recursive)
            throw falsehood("it says that what it built refers to %s, which is neither an input nor an output"
                    .formatted(strange.first()));
        closure.addAll(outputs);
        return made(strange, closure);
    }

    /// @param whole whether all of it is needed, rather than as much as has all of `wanted`
    private Set<StorePath> closureOfInputs(Set<StorePath> wanted, boolean whole)
            throws IOException, InterruptedException {
        var left = new TreeSet<>(wanted);
        var descent = new Descent(derivation.inputSources());
        while ((whole || !left.isEmpty()) && !descent.isOver()) {
            descent.next(infosOf(descent.generation()));
            left.removeAll(descent.generation());
        }
        return new HashSet<>(descent.seen());
    }

    /// What the machine says of `roots` and of all that they refer to, but for `others`. Like an output, it is
    /// held to that when it is fetched.
    private List<BuiltOutput> made(Set<StorePath> roots, Set<StorePath> others)
            throws IOException, InterruptedException {
        var made = new ArrayList<BuiltOutput>();
        var descent = new Descent(roots, others);
        while (!descent.isOver()) {
            var generation = descent.generation();
            if (made.size() + generation.size() > MOST_MADE) throw tooMuch();
            var infos = store.queryPathInfos(generation);
            for (var path : generation) {
                var info = infos.get(path);
                if (info == null)
                    throw falsehood("it says that what it built refers to %s, and does not have it".formatted(path));
                requirePossible(storeDir, info);
                made.add(new BuiltOutput(info, Optional.empty()));
            }
            descent.next(infos.values());
        }
        return made;
    }

    private MadeInBuildException tooMuch() {
        return new MadeInBuildException(
                "what %s built refers to more than %d paths that were made by Nix in mid-build on machine %s (%s), and no more are handed out; let them be inputs, or build this without the dispatcher"
                        .formatted(drvPath, MOST_MADE, machine, RECURSIVE_NIX));
    }

    private Collection<PathInfo> infosOf(Set<StorePath> inputs) throws IOException, InterruptedException {
        var infos = new TreeMap<>(known.of(inputs));
        var rest = new TreeSet<>(inputs);
        rest.removeAll(infos.keySet());
        if (!rest.isEmpty()) infos.putAll(store.queryPathInfos(rest));
        return infos.values();
    }

    private List<BuiltOutput> withSmallNars(Collection<PathInfo> infos) throws IOException, InterruptedException {
        boolean small = infos.stream().mapToLong(PathInfo::narSize).sum() <= SMALL;
        var outputs = new ArrayList<BuiltOutput>();
        for (var info : infos) outputs.add(new BuiltOutput(info, small ? Optional.of(fetch(info)) : Optional.empty()));
        return outputs;
    }

    private ByteString fetch(PathInfo info) throws IOException, InterruptedException {
        var bytes = new ByteArrayOutputStream((int) info.narSize());
        var nar = new HeldBackEnd(bytes, info);
        var addressed = AddressedNar.of(info, nar);
        addressed.requireRight(store.narFromPath(info.path(), Verify.HERE, addressed), machine);
        nar.finish();
        return ByteString.wrap(bytes.toByteArray());
    }

    private static FalseAnswerException falsehood(String what) {
        return new FalseAnswerException(what);
    }
}
