package dispatcher.protocol.worker;

import dispatcher.nix.ByteString;
import dispatcher.protocol.worker.WorkerMessage.Field;
import dispatcher.store.BuildLog;
import dispatcher.text.Printable;
import dispatcher.thread.Interruption;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;

/// Shows a client of the worker protocol how its build goes: an activity with the build's lines and phases as
/// results, and the dispatcher's own words as plain messages.
///
/// Waits for a client that does not read: it is for the client's own thread, and the store is to see to it that
/// no build waits. The lock is held while writing to the client, which is the only thing that it guards. A client
/// that has gone is not an error here: the thread that waits for the build notices.
final class WorkerBuildLog implements BuildLog {
    private final WireWriter out;
    private final MessageCodec messages;
    private final String drvPath;
    private final ReentrantLock lock = new ReentrantLock();
    /// Clients keep all activities in one table, theirs too, whose ids have the process id as their high half.
    private final long firstId = (long) ThreadLocalRandom.current().nextInt(1 << 22, Integer.MAX_VALUE) << 32;

    private long activity;
    private long started;
    private boolean finished;
    private boolean unflushed;

    WorkerBuildLog(WireWriter out, MessageCodec messages, String drvPath) {
        this.out = out;
        this.messages = messages;
        this.drvPath = drvPath;
    }

    @Override
    public void note(String text) {
        send(() -> write(new WorkerMessage.Next(ByteString.of(Printable.coloured(text) + "\n"))));
    }

    @Override
    public void assigned(String machine, String reason) {
        send(() -> {
            stop();
            start(Printable.line(machine));
        });
        flush();
    }

    @Override
    public void phase(String phase) {
        result(WorkerMessage.RESULT_SET_PHASE, ByteString.of(phase));
    }

    @Override
    public void line(ByteString line) {
        result(WorkerMessage.RESULT_BUILD_LOG_LINE, line);
    }

    private void result(long type, ByteString text) {
        send(() -> {
            if (activity == 0) start("");
            write(new WorkerMessage.Result(activity, type, List.of(new Field.Text(text))));
        });
    }

    @Override
    public void flush() {
        send(() -> {
            if (!unflushed) return;
            out.flush();
            unflushed = false;
        });
    }

    /// Ends the activity; what comes later is dropped, since it may no longer be sent.
    void finish() {
        send(() -> {
            stop();
            finished = true;
        });
    }

    private void start(String machine) throws IOException {
        activity = firstId | ++started;
        write(new WorkerMessage.StartActivity(
                activity,
                messages.levelInfo(),
                WorkerMessage.ACTIVITY_BUILD,
                ByteString.of("building '" + drvPath + "'" + (machine.isEmpty() ? "" : " on " + machine)),
                List.of(
                        new Field.Text(ByteString.of(drvPath)),
                        new Field.Text(ByteString.of(machine)),
                        new Field.Int(1),
                        new Field.Int(1)),
                0));
    }

    private void stop() throws IOException {
        if (activity == 0) return;
        write(new WorkerMessage.StopActivity(activity));
        activity = 0;
    }

    private void write(WorkerMessage message) throws IOException {
        messages.write(out, message);
        unflushed = true;
    }

    private interface Sending {
        void run() throws IOException;
    }

    private void send(Sending sending) {
        lock.lock();
        try {
            if (!finished) sending.run();
        } catch (IOException e) {
            Interruption.keep(e);
            finished = true;
        } finally {
            lock.unlock();
        }
    }
}
