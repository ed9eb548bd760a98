package dispatcher.cli.web;

import dispatcher.thread.TimeLimit;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Server-sent events to one browser. One that reads nothing for a time is left. Confined to one thread, which is
/// interrupted for that.
///
/// Source: HTML, section "Server-sent events".
public record EventStream(OutputStream out) {
    public static final String TYPE = "text/event-stream; charset=utf-8";

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /// @throws IOException if the browser has left, or does not read
    public void send(String event, String data) throws IOException {
        write("event: %s\ndata: %s\n\n".formatted(event, lines(data)));
    }

    /// @param id how far the browser has come with it; one line
    public void send(String event, String id, String data) throws IOException {
        write("event: %s\nid: %s\ndata: %s\n\n".formatted(event, id, lines(data)));
    }

    private static String lines(String data) {
        return data.replaceAll("\r\n|\r|\n", "\ndata: ");
    }

    private void write(String text) throws IOException {
        var thread = Thread.currentThread();
        // An interrupt closes a connection that is being written to.
        try (var _ = new TimeLimit(PATIENCE, thread::interrupt)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }
}
