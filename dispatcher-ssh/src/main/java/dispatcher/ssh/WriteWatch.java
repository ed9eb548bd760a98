package dispatcher.ssh;

/// Follows the writes to one channel for a [LinkWatch]: the time in them, without that in which packets are made
/// ready, is time in which the writer waits for the link. Small writes are left out, as the link does not cause
/// their cost.
///
/// For the thread that writes, one at a time; [#left] for any.
public final class WriteWatch {
    private static final int SMALL_BYTES = 16 * 1024;

    private final LinkWatch watch;
    private boolean counted;

    public WriteWatch(LinkWatch watch) {
        this.watch = watch;
    }

    void begins(int bytes) {
        counted = bytes >= SMALL_BYTES;
        if (counted) watch.waits();
    }

    void ends() {
        if (counted) watch.waited();
        counted = false;
    }

    void prepares() {
        if (counted) watch.waited();
    }

    void prepared(int bytes, long nanos) {
        watch.prepared(bytes, nanos);
        if (counted) watch.waits();
    }

    void left(int bytes) {
        watch.left(bytes);
    }
}
