package dispatcher.protocol;

import dispatcher.nix.ByteString;
import dispatcher.store.BuildLog;

/// A line of a build's log that is too long to be held whole: it goes on in pieces, each a line of its own, and a
/// note before them says so. Confined to one thread.
public final class LongLine {
    private final BuildLog log;
    private boolean begun;

    public LongLine(BuildLog log) {
        this.log = log;
    }

    /// A piece of a line whose length is not known yet.
    public void add(ByteString piece) {
        add(piece, "more than %d".formatted(ErrorOutput.LONGEST_LINE));
    }

    /// @param length of the whole line, in bytes
    public void add(ByteString piece, long length) {
        add(piece, Long.toString(length));
    }

    private void add(ByteString piece, String length) {
        if (!begun)
            log.note("dispatcher: the next line of the log has %s bytes; it comes in several lines".formatted(length));
        begun = true;
        log.line(piece);
        log.flush();
    }

    /// What came since is of another line.
    public void end() {
        begun = false;
    }
}
