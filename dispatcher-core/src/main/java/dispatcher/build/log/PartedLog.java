package dispatcher.build.log;

import dispatcher.build.log.LogParts.Part;
import dispatcher.nix.ByteString;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;

/// A log that turns each call into a part, which can be kept and passed on later. Safe for any thread.
abstract class PartedLog implements BuildLog {
    abstract void add(Part part);

    @Override
    public final void note(String text) {
        add(new Part(log -> log.note(text), text.length()));
    }

    @Override
    public final void assigned(String machine, String reason) {
        add(new Part(log -> log.assigned(machine, reason), reason.length(), true));
    }

    @Override
    public final void phase(String phase) {
        add(new Part(log -> log.phase(phase), phase.length()));
    }

    @Override
    public final void copying(StorePath path, String machine) {
        add(Part.unseen(log -> log.copying(path, machine)));
    }

    @Override
    public final void copied(StorePath path, long bytes) {
        add(Part.unseen(log -> log.copied(path, bytes)));
    }

    @Override
    public final void line(ByteString line) {
        add(new Part(log -> log.line(line), line.length()));
    }
}
