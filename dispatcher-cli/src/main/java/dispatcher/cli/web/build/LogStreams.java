package dispatcher.cli.web.build;

import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.http.StreamAnswer;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.web.EventStream;
import dispatcher.cli.web.page.Answers;
import dispatcher.cli.web.page.Links;
import dispatcher.text.Printable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/// What browsers load of a log beside pages: rows as they come, as server-sent events, and all of it as text. Runs on
/// the threads of connections; a stream holds one part of the log at a time. Safe for any thread.
final class LogStreams {
    static final String EVENTS = Links.BUILDS + "/{id}/log/events";
    static final String TEXT = Links.BUILDS + "/{id}/log.txt";

    /// Streams at once.
    static final int MOST = 64;

    /// Bytes of the end of the log with which a stream begins.
    static final int TAIL = 256 << 10;

    private static final int PART = 64 << 10;
    private static final Duration PAUSE = Duration.ofMillis(250);
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);
    /// Then the browser comes again, and is asked again who it is.
    private static final Duration LONGEST = Duration.ofHours(1);

    private final Answers answers;
    private final Semaphore places = new Semaphore(MOST);

    /// @param answers with the log of builds
    LogStreams(Answers answers) {
        this.answers = answers;
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.get(EVENTS, this::events), Endpoint.get(TEXT, this::text));
    }

    private BuildAnswer.Log ask(long id, String parameter, long value) throws IOException, InterruptedException {
        return answers.get(
                BuildAnswer.Log.class,
                BuildAnswer.LOG_PATH,
                Map.of(
                        BuildAnswer.ID,
                        Long.toString(id),
                        parameter,
                        Long.toString(value),
                        BuildAnswer.Log.BYTES,
                        Integer.toString(PART)));
    }

    // ---- rows

    private StreamAnswer events(ApiRequest request) throws IOException, InterruptedException {
        long id = request.number(BuildAnswer.ID);
        var first = request.parameter(BuildAnswer.Log.FROM).isPresent()
                ? ask(id, BuildAnswer.Log.FROM, request.number(BuildAnswer.Log.FROM))
                : ask(id, BuildAnswer.Log.LAST, TAIL);
        return new StreamAnswer(EventStream.TYPE, out -> {
            var events = new EventStream(out);
            if (!places.tryAcquire()) {
                events.send("busy", "%d logs are being followed already".formatted(MOST));
                return;
            }
            try {
                follow(first, events);
            } catch (UnknownThingException e) {
                events.send("end", "its record is gone");
            } finally {
                places.release();
            }
        });
    }

    private void follow(BuildAnswer.Log first, EventStream events) throws IOException, InterruptedException {
        var rows = new LogRows();
        var log = first;
        events.send("begin", Long.toString(first.from()));
        long end = System.nanoTime() + LONGEST.toNanos();
        long lastSent = System.nanoTime();
        while (System.nanoTime() < end) {
            if (!log.text().isEmpty()) {
                events.send(
                        "rows", Long.toString(log.next()), rows.of(log.text()).toString());
                lastSent = System.nanoTime();
            }
            if (log.ended()) {
                events.send("end", Long.toString(log.next()), "");
                return;
            }
            if (!log.more()) Thread.sleep(PAUSE);
            if (System.nanoTime() - lastSent > SIGN_OF_LIFE.toNanos()) {
                events.send("quiet", "");
                lastSent = System.nanoTime();
            }
            log = ask(log.id(), BuildAnswer.Log.FROM, log.next());
        }
    }

    // ---- text

    private StreamAnswer text(ApiRequest request) throws IOException, InterruptedException {
        long id = request.number(BuildAnswer.ID);
        var first = ask(id, BuildAnswer.Log.FROM, 0);
        return new StreamAnswer("text/plain; charset=utf-8", out -> {
            var text = new PlainText(out);
            text.write(first.text());
            for (var log = first; log.more(); ) {
                log = ask(id, BuildAnswer.Log.FROM, log.next());
                text.write(log.text());
            }
        });
    }

    /// Without colours, and with all that a terminal would obey as escapes.
    private static final class PlainText implements LogReader.Sink {
        private final OutputStream out;
        private final StringBuilder part = new StringBuilder();
        private final LogReader reader = new LogReader(this);

        private PlainText(OutputStream out) {
            this.out = out;
        }

        private void write(String text) throws IOException {
            reader.read(text);
            out.write(part.toString().getBytes(StandardCharsets.UTF_8));
            part.setLength(0);
        }

        @Override
        public void text(LogStyle style, String text) {
            part.append(Printable.lines(text));
        }

        @Override
        public void line(boolean isEnd) {
            if (isEnd) part.append('\n');
        }
    }
}
