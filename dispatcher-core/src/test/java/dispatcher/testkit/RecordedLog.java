package dispatcher.testkit;

import dispatcher.nix.ByteString;
import dispatcher.store.BuildLog;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A build log that keeps all that is written to it, in order, each entry with its kind before it. Flushes are not
/// kept.
public final class RecordedLog implements BuildLog {
    private final List<String> entries = new CopyOnWriteArrayList<>();

    public List<String> entries() {
        return entries;
    }

    @Override
    public void note(String text) {
        entries.add("note " + text);
    }

    @Override
    public void assigned(String machine, String reason) {
        entries.add("assigned %s: %s".formatted(machine, reason));
    }

    @Override
    public void phase(String phase) {
        entries.add("phase " + phase);
    }

    @Override
    public void line(ByteString line) {
        entries.add("line " + line);
    }

    @Override
    public void flush() {}
}
