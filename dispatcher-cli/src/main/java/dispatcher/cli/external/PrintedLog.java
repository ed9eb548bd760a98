package dispatcher.cli.external;

import dispatcher.nix.ByteString;
import dispatcher.nix.json.Json;
import dispatcher.store.BuildLog;
import dispatcher.text.Printable;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// A build's log for the Nix that runs us: what we print is the log of its build. Phases go in the form in which Nix
/// lets builders report them. Safe for any thread.
final class PrintedLog implements BuildLog {
    private final PrintStream out;

    PrintedLog(PrintStream out) {
        this.out = out;
    }

    @Override
    public void note(String text) {
        print(Printable.lines(text).getBytes(StandardCharsets.UTF_8));
    }

    /// In the notes of the dispatcher already.
    @Override
    public void assigned(String machine, String reason) {}

    @Override
    public void phase(String phase) {
        print(("@nix {\"action\":\"setPhase\",\"phase\":" + Json.quote(phase) + "}").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void line(ByteString line) {
        print(line.toByteArray());
    }

    private synchronized void print(byte[] line) {
        out.write(line, 0, line.length);
        out.write('\n');
    }

    @Override
    public void flush() {
        out.flush();
    }
}
