package dispatcher.store.transfer;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.PathSource;
import dispatcher.store.Store;
import dispatcher.store.StoreWriter;
import dispatcher.store.Verify;
import dispatcher.thread.Interruption;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sends one path to a machine before a build asks for it there, with what it refers to and the machine lacks.
/// Builds that want it wait for it as for any other copy. It waits itself while copies for builds are being sent
/// to that machine, but not if a build waits for it.
///
/// Used once, by one thread, and to be closed; [#isWanted] is for any thread.
public final class EarlyCopy implements AutoCloseable {
    private final Underway underway;
    private final Semaphore permits;
    private final Runnable wanted;
    private volatile Underway.@Nullable Claim claim;

    /// @param permits of which it has one
    /// @param wanted  see [ClosureCopier#early]
    EarlyCopy(Underway underway, Semaphore permits, Runnable wanted) {
        this.underway = underway;
        this.permits = permits;
        this.wanted = wanted;
    }

    /// Sends it, unless the machine has it, another copy sends some of it, or a copy for a build is being sent
    /// there.
    ///
    /// @param target     a conversation with the machine
    /// @param expected   which paths it is thought to have, right or wrong
    /// @param substitute whether it may first fetch what it lacks from its own substituters
    /// @param source     has the path and what it refers to; the NAR of the path may still be coming
    /// @return what was sent, references first; empty if nothing was
    /// @throws SourceFailedException if it could not be read, or something that it refers to and the machine lacks;
    ///     then the machine does not have it
    public List<PathInfo> send(
            Store target, StorePath path, Predicate<StorePath> expected, boolean substitute, PathSource source)
            throws IOException, InterruptedException {
        var outdated = underway.listen();
        Optional<Underway.Claim> claimed;
        try {
            var missing = new MissingPaths(target, expected, substitute, source).of(List.of(path));
            if (missing.isEmpty()) return List.of();
            claimed = underway.claimEarly(missing.values(), outdated, wanted);
        } finally {
            underway.stopListening(outdated);
        }
        return claimed.isEmpty() ? List.of() : send(target, claimed.get(), source);
    }

    private List<PathInfo> send(StoreWriter target, Underway.Claim claimed, PathSource source)
            throws IOException, InterruptedException {
        claim = claimed;
        boolean sent = false;
        try {
            var paths = new TransferPlan(claimed.paths(), 1).take().paths();
            ClosureCopier.send(paths, target, new YieldingSource(source, claimed));
            sent = true;
            return paths;
        } finally {
            claimed.end(sent);
        }
    }

    /// Whether a build waits for it.
    public boolean isWanted() {
        var now = claim;
        return now != null && now.isWanted();
    }

    @Override
    public void close() {
        permits.release();
    }

    /// Hands out nothing while it is the turn of others.
    private record YieldingSource(PathSource source, Underway.Claim claim) implements PathSource {
        @Override
        public Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException {
            return source.info(path);
        }

        @Override
        public Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
            return source.infos(paths);
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
                throws IOException, InterruptedException {
            return source.narFromPath(path, verify, new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    awaitTurn();
                    sink.write(bytes, offset, length);
                }
            });
        }

        private void awaitTurn() throws IOException {
            try {
                claim.awaitTurn();
            } catch (InterruptedException e) {
                var failure = new InterruptedIOException("interrupted while others send");
                Interruption.keep(failure);
                throw failure;
            }
        }
    }
}
