package dispatcher.wire;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/// A program of this host, started as a child.
public final class ProcessChannel implements CommandChannel {
    private final Process process;
    private final InputStream err;

    private ProcessChannel(Process process) {
        this.process = process;
        this.err = new FilterInputStream(process.getErrorStream()) {
            // The process's own would wait for a read that is going on.
            @Override
            public int available() {
                return 0;
            }
        };
    }

    public static ProcessChannel start(List<String> command) throws IOException {
        return new ProcessChannel(new ProcessBuilder(command).start());
    }

    @Override
    public InputStream in() {
        return process.getInputStream();
    }

    @Override
    public OutputStream out() {
        return process.getOutputStream();
    }

    @Override
    public InputStream err() {
        return err;
    }

    @Override
    public void awaitErrors() {}

    @Override
    public OptionalInt exitStatus(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)
                ? OptionalInt.of(process.exitValue())
                : OptionalInt.empty();
    }

    @Override
    public void close() {
        process.destroy();
    }
}
