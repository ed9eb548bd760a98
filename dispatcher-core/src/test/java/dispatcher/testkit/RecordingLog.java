package dispatcher.testkit;

import dispatcher.nix.ByteString;
import dispatcher.store.BuildLog;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps what a build says.
public final class RecordingLog implements BuildLog {
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<String> phases = new CopyOnWriteArrayList<>();
    private final List<String> machines = new CopyOnWriteArrayList<>();

    public List<String> notes() {
        return notes;
    }

    public List<String> lines() {
        return lines;
    }

    public List<String> phases() {
        return phases;
    }

    public List<String> machines() {
        return machines;
    }

    @Override
    public void note(String text) {
        notes.add(text);
    }

    @Override
    public void assigned(String machine, String reason) {
        machines.add(machine);
    }

    @Override
    public void phase(String phase) {
        phases.add(phase);
    }

    @Override
    public void line(ByteString line) {
        lines.add(line.utf8());
    }

    @Override
    public void flush() {}
}
