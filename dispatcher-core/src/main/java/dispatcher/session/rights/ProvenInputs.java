package dispatcher.session.rights;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.DerivationHash;
import java.util.Optional;

/// What was proven lately of derivations, for those that depend on them, from any client: a `.drv` file's path
/// follows from its text, so conclusions from that text are the same for all. It does not say whether the file is
/// here. Bounded by size; safe for any thread.
public final class ProvenInputs implements DerivationHash.Memory {
    /// In bytes; 20,000 derivations or so.
    private static final long MOST_BYTES = 16 << 20;

    /// Estimates, in bytes: path, hash and maps; name, path and hash of each output.
    private static final int ENTRY = 400;

    private static final int OUTPUT = 400;

    private final Cache<StorePath, DerivationHash.Input> inputs = Caffeine.newBuilder()
            .maximumWeight(MOST_BYTES)
            .weigher((StorePath _, DerivationHash.Input input) ->
                    ENTRY + OUTPUT * input.outputs().size())
            .build();

    @Override
    public Optional<DerivationHash.Input> of(StorePath path) {
        return Optional.ofNullable(inputs.getIfPresent(path));
    }

    @Override
    public void add(StorePath path, DerivationHash.Input input) {
        inputs.put(path, input);
    }

    /// How many are remembered, once what is too much has been let go.
    long size() {
        inputs.cleanUp();
        return inputs.estimatedSize();
    }
}
