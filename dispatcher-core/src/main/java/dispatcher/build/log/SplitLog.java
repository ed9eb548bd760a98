package dispatcher.build.log;

import dispatcher.nix.ByteString;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;

/// A log for two readers. Each gets all of it. As safe for threads as both are.
public record SplitLog(BuildLog one, BuildLog other) implements BuildLog {
    @Override
    public void note(String text) {
        one.note(text);
        other.note(text);
    }

    @Override
    public void assigned(String machine, String reason) {
        one.assigned(machine, reason);
        other.assigned(machine, reason);
    }

    @Override
    public void phase(String phase) {
        one.phase(phase);
        other.phase(phase);
    }

    @Override
    public void line(ByteString line) {
        one.line(line);
        other.line(line);
    }

    @Override
    public void copying(StorePath path, String machine) {
        one.copying(path, machine);
        other.copying(path, machine);
    }

    @Override
    public void copied(StorePath path, long bytes) {
        one.copied(path, bytes);
        other.copied(path, bytes);
    }

    @Override
    public void flush() {
        one.flush();
        other.flush();
    }
}
