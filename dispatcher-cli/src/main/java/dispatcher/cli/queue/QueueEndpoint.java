package dispatcher.cli.queue;

import dispatcher.cli.api.Decimals;
import dispatcher.cli.api.Figure;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.QueuePosition;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;

/// The queue of the running dispatcher, as the API has it.
///
/// @param clock the queue's
public record QueueEndpoint(BuildQueue queue, InstantSource clock) {
    /// The parameter that says how many builds are wanted.
    static final String ROWS = "rows";

    static final int MOST_ROWS = 10_000;
    private static final long DEFAULT_ROWS = 50;

    public Endpoint endpoint() {
        return Endpoint.get(QueueAnswer.PATH, this::answer);
    }

    private QueueAnswer answer(ApiRequest request) {
        long rows = request.parameter(ROWS).isPresent() ? request.number(ROWS) : DEFAULT_ROWS;
        if (rows < 0 || rows > MOST_ROWS)
            throw new IllegalArgumentException(
                    "the parameter '%s' is not from 0 to %d: %d".formatted(ROWS, MOST_ROWS, rows));
        var waiting = queue.snapshot().waiting();
        var now = clock.instant();
        return new QueueAnswer(
                now,
                waiting.size(),
                waiting.stream()
                        .limit(rows)
                        .map(position -> waiting(position, now))
                        .toList());
    }

    private static QueueAnswer.Waiting waiting(QueuePosition position, Instant now) {
        var request = position.build().request();
        Figure<Instant> start = Figure.absent();
        Figure<BigDecimal> until = Figure.absent();
        if (position.untilExpected().compareTo(QueuePosition.UNKNOWN) < 0) {
            boolean measured = position.isMeasured();
            start = measured ? Figure.known(now.plus(position.untilExpected())) : Figure.unknown();
            until = measured ? Figure.known(Decimals.seconds(position.untilExpected())) : Figure.unknown();
        }
        return new QueueAnswer.Waiting(
                position.place(),
                position.of(),
                request.drvPath().toString(),
                request.client().name(),
                request.client().priority(),
                request.platform(),
                request.requiredFeatures().stream().toList(),
                position.build().since(),
                start,
                until);
    }
}
