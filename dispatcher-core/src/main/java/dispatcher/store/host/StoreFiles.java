package dispatcher.store.host;

import dispatcher.nix.PathInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The directory of the host's store, where its paths are read without asking the daemon to read them for us, which
/// would cost a process, a round trip for each path, and a copy of each byte.
///
/// That this is the directory which the daemon means is a guess, so a path there is read only if its files have the
/// size that the daemon reports. The receiver of the NAR checks its hash. Safe for any thread.
final class StoreFiles {
    private static final Logger log = LoggerFactory.getLogger(StoreFiles.class);

    /// Where a daemon listens below the directory that has its store in it too.
    private static final Path SOCKET = Path.of("var/nix/daemon-socket/socket");

    private final Path directory;

    private StoreFiles(Path directory) {
        this.directory = directory;
    }

    /// Empty if there is no such directory.
    static Optional<StoreFiles> in(Path directory) {
        return Files.isDirectory(directory) ? Optional.of(new StoreFiles(directory)) : Optional.empty();
    }

    /// Of the daemon that listens at `socket`, or where that links to; empty if it is not where Nix puts it.
    static Optional<StoreFiles> beside(Path socket) {
        try {
            var real = socket.toRealPath();
            if (!real.endsWith(SOCKET)) return Optional.empty();
            return in(real.resolve("../../../../store").normalize());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// Writes the NAR of a path.
    ///
    /// @return whether it did; if not, nothing was written, and the daemon has to be asked
    /// @throws IOException if reading or writing failed after a part has been written
    boolean writeNar(PathInfo info, OutputStream sink) throws IOException {
        var path = directory.resolve(info.path().baseName());
        if (info.narSize() == 0 || !isOfSize(path, info.narSize())) return false;
        FileTree.writeNar(path, sink);
        return true;
    }

    private static boolean isOfSize(Path path, long narSize) {
        try {
            long found = FileTree.narSize(path);
            if (found == narSize) return true;
            log.atDebug().log("not read in place: the NAR of {} has {} bytes instead of {}", path, found, narSize);
        } catch (IOException | UnsupportedOperationException e) {
            log.atDebug().log("not read in place: {}", e.toString());
        }
        return false;
    }
}
