package dispatcher.build;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.PathSource;
import dispatcher.store.Verify;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/// A source of inputs that tells a log which of them goes to a machine. As confined to a thread as the source is.
record ReportedSource(PathSource source, BuildLog log, String machine) implements PathSource {
    /// Above that the reader of the log should see at once that a copy goes on.
    private static final long LARGE = 1 << 20;

    @Override
    public Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException {
        return source.info(path);
    }

    @Override
    public Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
        return source.infos(paths);
    }

    @Override
    public void notTaken() {
        source.notTaken();
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        long bytes = 0;
        log.copying(path, machine);
        try {
            var summary = source.narFromPath(path, verify, new Announced(sink));
            bytes = summary.size();
            return summary;
        } finally {
            log.copied(path, bytes);
        }
    }

    /// Lets the log reach its reader once this much has come.
    private final class Announced extends OutputStream {
        private final OutputStream sink;
        private long left = LARGE;

        Announced(OutputStream sink) {
            this.sink = sink;
        }

        @Override
        public void write(int b) throws IOException {
            sink.write(b);
            count(1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            sink.write(bytes, offset, length);
            count(length);
        }

        private void count(int length) {
            if (left <= 0) return;
            left -= length;
            if (left <= 0) log.flush();
        }

        @Override
        public void flush() throws IOException {
            sink.flush();
        }

        @Override
        public void close() throws IOException {
            sink.close();
        }
    }
}
