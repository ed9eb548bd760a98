package dispatcher.cli.events;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.event.FleetEvent;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.http.StreamAnswer;
import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/// The events of the running dispatcher, as the API has them: a line of JSON each, for as long as somebody reads. An
/// empty line now and then says that nothing happens.
public record EventEndpoint(EventFeed feed) {
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final String TYPE = "application/jsonl; charset=utf-8";

    public Endpoint endpoint() {
        return Endpoint.get(FleetEvent.PATH, this::answer);
    }

    private StreamAnswer answer(ApiRequest request) {
        boolean follow = request.parameter(FleetEvent.FOLLOW).isEmpty() || request.flag(FleetEvent.FOLLOW);
        long after = request.parameter(FleetEvent.AFTER).isPresent()
                ? request.number(FleetEvent.AFTER)
                : follow ? feed.last() : 0;
        if (!follow) return new StreamAnswer(TYPE, out -> write(after, feed.last(), out));
        var reader = reserve();
        return new StreamAnswer(TYPE, out -> {
            try (reader) {
                follow(after, out);
            }
        });
    }

    private EventFeed.Reader reserve() {
        return feed.reader()
                .orElseThrow(() -> new UserFacingException(
                        "too many follow the events of the dispatcher already",
                        "each of them holds a connection",
                        "end one of them, or ask for events now and then (follow=false)"));
    }

    private void write(long after, long last, OutputStream out) throws IOException, InterruptedException {
        long at = after;
        while (at < last) {
            var events = feed.next(at, Duration.ZERO);
            if (events.isEmpty()) return;
            for (var event : events) line(event, out);
            at = events.getLast().seq();
        }
    }

    private void follow(long after, OutputStream out) throws IOException, InterruptedException {
        long at = after;
        // So that a client learns at once that it is connected.
        end(out);
        while (true) {
            var events = feed.next(at, SILENCE);
            for (var event : events) line(event, out);
            if (!events.isEmpty()) at = events.getLast().seq();
            else out.write('\n');
            out.flush();
        }
    }

    private static void end(OutputStream out) throws IOException {
        out.write('\n');
        out.flush();
    }

    private static void line(FleetEvent event, OutputStream out) throws IOException {
        out.write(ApiJson.print(event));
        out.write('\n');
    }
}
