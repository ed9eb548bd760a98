package dispatcher.testkit;

import dispatcher.nix.ByteString;
import dispatcher.store.BuildLog;
import java.util.List;
import java.util.stream.Stream;

/// The log of a client that reads nothing of it until the test says so: it does not return from the first line or
/// note before. Then it keeps what a build says.
public final class UnreadLog implements BuildLog {
    private final Gate gate = new Gate();
    private final RecordingLog read = new RecordingLog();

    /// From now on it is read.
    public void readOn() {
        gate.open();
    }

    /// Returns once something has come that it does not read on from.
    public void awaitFirst() {
        gate.awaitArrivals(1);
    }

    public List<String> lines() {
        return read.lines();
    }

    /// Lines and notes of the dispatcher's own; the serve protocol has both in one stream.
    public List<String> notes() {
        return Stream.concat(read.notes().stream(), read.lines().stream())
                .filter(line -> line.startsWith("dispatcher:"))
                .toList();
    }

    private void hold() {
        try {
            gate.pass();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void note(String text) {
        hold();
        read.note(text);
    }

    @Override
    public void assigned(String machine, String reason) {
        read.assigned(machine, reason);
    }

    @Override
    public void phase(String phase) {
        read.phase(phase);
    }

    @Override
    public void line(ByteString line) {
        hold();
        read.line(line);
    }

    @Override
    public void flush() {}
}
