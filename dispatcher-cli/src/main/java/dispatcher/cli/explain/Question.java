package dispatcher.cli.explain;

import dispatcher.cli.api.ExplainRequest;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.Derivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.DerivationText;
import dispatcher.nix.attributes.DerivationAttributes;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// A build to be explained.
///
/// @param drv        empty if it is about any derivation of a system, or its path is not known
/// @param name       without `drv`: what such builds are called, if that matters
/// @param derivation as far as it is known; its inputs are those that it names, without what these refer to
/// @param unread     inputs that are missing, since their paths are not known
/// @param resources  what it takes of them, in place of what the settings say
record Question(
        Optional<StorePath> drv,
        Optional<String> name,
        BasicDerivation derivation,
        int unread,
        SortedMap<String, Long> resources) {
    private static final StoreDir STORE_DIR = StoreDir.NIX_STORE;
    private static final String EXTENSION = ".drv";
    private static final String ANY_NAME = "build";

    /// @throws IllegalArgumentException if no derivation may have that name or system
    static Question of(
            Optional<String> name, String system, Collection<String> features, SortedMap<String, Long> resources) {
        if (!system.matches("[!-~&&[^\"\\\\]]+"))
            throw new IllegalArgumentException("'%s' is no system; one is x86_64-linux".formatted(system));
        try {
            var drvPath = madeUp(name.orElse(ANY_NAME));
            var output =
                    new DerivationOutput.InputAddressed(StorePath.of(drvPath.hashPart(), drvPath.derivationName()));
            var derivation = new BasicDerivation(
                    new TreeMap<>(Map.of("out", output)),
                    Set.of(),
                    system,
                    ByteString.EMPTY,
                    List.of(),
                    new TreeMap<>(Map.of(
                            ByteString.of("requiredSystemFeatures"), ByteString.of(String.join(" ", features)))));
            return new Question(Optional.empty(), name, derivation, 0, resources);
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /// Of the derivation; made up if it is not known, for the scheduler, which is asked for one build.
    StorePath drvPath() {
        return drv.orElseGet(() -> madeUp(name.orElse(ANY_NAME)));
    }

    private static StorePath madeUp(String name) {
        var bare = name.endsWith(EXTENSION) ? name.substring(0, name.length() - EXTENSION.length()) : name;
        return StorePath.of("0".repeat(StorePath.HASH_DIGITS), bare + EXTENSION);
    }

    /// @throws UserFacingException if there is no derivation in it
    static Question ofFile(Path file) {
        try {
            var whole = NamedInputs.read(STORE_DIR, file);
            var inputs = NamedInputs.of(STORE_DIR, file, whole);
            var derivation = whole.toBasic(inputs.paths());
            var _ = DerivationAttributes.of(derivation);
            var drv = path(file);
            return new Question(
                    drv,
                    drv.isPresent() ? Optional.empty() : Optional.of(nameOf(file)),
                    derivation,
                    inputs.unread(),
                    new TreeMap<>());
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot explain " + file,
                    e instanceof NoSuchFileException ? "there is no such file" : e.toString(),
                    "name a .drv file that this user can read, as `nix-instantiate` prints it",
                    e);
        } catch (NixSyntaxException | IllegalArgumentException e) {
            throw new UserFacingException(
                    "cannot explain " + file,
                    "it is no derivation: " + e.getMessage(),
                    "name a .drv file, as `nix-instantiate` prints it, or --system and --features",
                    e);
        }
    }

    private static Optional<StorePath> path(Path file) {
        try {
            return Optional.of(StorePath.parse(String.valueOf(file.getFileName())));
        } catch (NixSyntaxException e) {
            return Optional.empty();
        }
    }

    /// The name of a derivation whose file is called otherwise than in a store.
    private static String nameOf(Path file) {
        var name = String.valueOf(file.getFileName())
                .replaceAll("[^0-9a-zA-Z+._?=-]", "-")
                .replaceFirst("^\\.+", "");
        return madeUp(name).derivationName();
    }

    /// Reads what [#request] makes.
    ///
    /// @throws IllegalArgumentException if it is no question
    static Question of(ExplainRequest request) {
        try {
            var text = Base64.getDecoder().decode(request.derivation());
            var resources = new TreeMap<>(request.resources());
            resources.replaceAll((_, amount) -> Math.max(0, amount));
            request.name().ifPresent(Question::madeUp);
            return new Question(
                    request.drv().map(StorePath::parse),
                    request.name(),
                    DerivationText.parse(STORE_DIR, text).toBasic(),
                    request.unread(),
                    resources);
        } catch (NixSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    ExplainRequest request() {
        var whole = new Derivation(
                derivation.outputs(),
                new TreeMap<>(),
                new TreeSet<>(derivation.inputSources()),
                derivation.platform(),
                derivation.builder(),
                derivation.arguments(),
                derivation.environment());
        return new ExplainRequest(
                drv.map(StorePath::toString),
                name,
                Base64.getEncoder().encodeToString(DerivationText.print(STORE_DIR, whole)),
                unread,
                resources);
    }
}
