package dispatcher.session;

import dispatcher.build.BuildInputs;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.Verify;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/// The inputs of one client's builds: the paths of its session, and a way to get back what is lost.
///
/// For one thread at a time.
final class SessionInputs implements BuildInputs.Fork {
    private final SessionPaths paths;
    private final Rebuilder rebuilder;

    SessionInputs(SessionPaths paths, Rebuilder rebuilder) {
        this.paths = paths;
        this.rebuilder = rebuilder;
    }

    @Override
    public boolean substitutes() {
        return paths.substitutes();
    }

    @Override
    public Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException {
        return paths.info(path);
    }

    @Override
    public Map<StorePath, PathInfo> infos(Collection<StorePath> wanted) throws IOException, InterruptedException {
        return paths.infos(wanted);
    }

    @Override
    public Map<StorePath, PathInfo> knownInfos(Collection<StorePath> wanted) throws IOException, InterruptedException {
        return paths.knownInfos(wanted);
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return paths.narFromPath(path, verify, sink);
    }

    @Override
    public void notTaken() {
        paths.notTaken();
    }

    @Override
    public Optional<String> unproven(Collection<StorePath> wanted) {
        return paths.retained().unproven(wanted);
    }

    @Override
    public boolean recover(Collection<StorePath> lost, String reason) throws InterruptedException {
        return rebuilder.recover(lost, reason);
    }

    @Override
    public void dropBrokenOff() {
        paths.dropBrokenOff();
    }

    @Override
    public Fork fork() {
        return new SessionInputs(paths.fork(), rebuilder);
    }

    /// Of a [#fork] only: ends the conversations that it has begun.
    @Override
    public void close() {
        paths.close();
    }
}
