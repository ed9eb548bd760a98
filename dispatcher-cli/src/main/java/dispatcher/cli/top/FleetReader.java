package dispatcher.cli.top;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.api.event.FleetEvent;
import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;

/// Asks the dispatcher for what is shown. Safe for any thread.
///
/// @param phases filled from events, see [#follow]
record FleetReader(ApiClient dispatcher, Phases phases) {
    static final int MOST_WAITING = 500;

    /// @return empty if no dispatcher runs
    /// @throws dispatcher.cli.terminal.UserFacingException if it cannot be asked
    Optional<Picture> read() {
        var status = dispatcher.get(StatusAnswer.PATH);
        var machines = dispatcher.get(MachinesAnswer.PATH);
        var queue = dispatcher.get("%s?rows=%d".formatted(QueueAnswer.PATH, MOST_WAITING));
        if (status.isEmpty() || machines.isEmpty() || queue.isEmpty()) return Optional.empty();
        return Optional.of(Picture.of(
                printable(status.get(), StatusAnswer.class),
                printable(machines.get(), MachinesAnswer.class).machines(),
                printable(queue.get(), QueueAnswer.class),
                phases));
    }

    private static <T> T printable(ApiAnswer answer, Class<T> type) {
        return answer.printable(type);
    }

    /// Follows events, those that are kept first, until the connection ends.
    ///
    /// @param changed called after each event that may change the picture
    /// @throws dispatcher.cli.terminal.UserFacingException if they cannot be read, or break off
    void follow(Runnable changed) {
        phases.clear();
        follow("%s?%s=0".formatted(FleetEvent.PATH, FleetEvent.AFTER), event -> {
            phases.accept(event);
            changed.run();
        });
    }

    /// Takes up the events so far.
    void catchUp() {
        phases.clear();
        follow("%s?%s=false".formatted(FleetEvent.PATH, FleetEvent.FOLLOW), phases::accept);
    }

    private void follow(String path, Consumer<FleetEvent> each) {
        dispatcher.lines(path, line -> {
            var json = line.getBytes(StandardCharsets.UTF_8);
            parse(json).ifPresent(each);
        });
    }

    /// Empty if it is of a newer dispatcher.
    private static Optional<FleetEvent> parse(byte[] json) {
        try {
            return Optional.of(ApiJson.readPrintable(json, FleetEvent.class));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
