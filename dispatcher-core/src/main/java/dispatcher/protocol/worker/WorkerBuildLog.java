package dispatcher.protocol.worker;

import dispatcher.nix.ByteString;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.worker.WorkerMessage.Field;
import dispatcher.store.BuildLog;
import dispatcher.text.Printable;
import dispatcher.thread.Interruption;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;

/// Shows a client of the worker protocol how its build goes: an activity with the build's lines and phases as
/// results, one for each input on its way to the machine, and the dispatcher's own words as plain messages. Types,
/// fields and texts are those of Nix itself, so that programs that read its log see the machine.
///
/// Waits for a client that does not read: it is for the client's own thread, and the store is to see to it that
/// no build waits. The lock is held while writing to the client, which is the only thing that it guards. A client
/// that has gone is not an error here: the thread that waits for the build notices.
final class WorkerBuildLog implements BuildLog {
    private final WireWriter out;
    private final MessageCodec messages;
    private final StoreDir storeDir;
    private final StorePath drvPath;
    private final ReentrantLock lock = new ReentrantLock();
    /// Clients keep all activities in one table, theirs too, whose ids have the process id as their high half.
    private final long firstId = (long) ThreadLocalRandom.current().nextInt(1 << 22, Integer.MAX_VALUE) << 32;

    /// As Nix calls where it runs itself.
    private static final String HERE = "local";

    /// Of inputs on their way at once; further ones are not shown.
    private static final int MOST_COPIES = 16;

    private long activity;
    private final Map<StorePath, Long> copies = new HashMap<>();
    private long started;
    private boolean finished;
    private boolean unflushed;

    WorkerBuildLog(WireWriter out, MessageCodec messages, StoreDir storeDir, StorePath drvPath) {
        this.out = out;
        this.messages = messages;
        this.storeDir = storeDir;
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
    public void copying(StorePath path, String machine) {
        send(() -> {
            if (copies.containsKey(path) || copies.size() >= MOST_COPIES) return;
            var shown = Printable.line(machine);
            var printed = storeDir.print(path);
            copies.put(
                    path,
                    start(
                            WorkerMessage.ACTIVITY_COPY_PATH,
                            "copying path '%s' to '%s'".formatted(printed, shown),
                            text(printed),
                            text(HERE),
                            text(shown)));
        });
    }

    @Override
    public void copied(StorePath path, long bytes) {
        send(() -> {
            var copy = copies.remove(path);
            if (copy == null) return;
            if (bytes > 0)
                write(new WorkerMessage.Result(
                        copy,
                        WorkerMessage.RESULT_PROGRESS,
                        List.of(new Field.Int(bytes), new Field.Int(bytes), new Field.Int(0), new Field.Int(0))));
            write(new WorkerMessage.StopActivity(copy));
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
        var printed = storeDir.print(drvPath);
        activity = start(
                WorkerMessage.ACTIVITY_BUILD,
                "building '%s'%s".formatted(printed, machine.isEmpty() ? "" : " on '%s'".formatted(machine)),
                text(printed),
                text(machine),
                new Field.Int(1),
                new Field.Int(1));
    }

    /// @return its id
    private long start(long type, String text, Field... fields) throws IOException {
        long id = firstId | ++started;
        write(new WorkerMessage.StartActivity(id, messages.levelInfo(), type, ByteString.of(text), List.of(fields), 0));
        return id;
    }

    private static Field text(String text) {
        return new Field.Text(ByteString.of(text));
    }

    private void stop() throws IOException {
        for (long copy : copies.values()) write(new WorkerMessage.StopActivity(copy));
        copies.clear();
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
