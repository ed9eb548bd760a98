package dispatcher.cli.records;

import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecorder;
import dispatcher.record.RecordStore.Query;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Records of builds, as the API has them.
public record RecordEndpoints(BuildRecorder records, InstantSource clock) {
    static final String ROWS = "rows";
    static final String BEFORE = "before";
    static final String NAME = "name";
    static final String MACHINE = "machine";
    static final String CLIENT = "client";
    static final String OUTCOME = "outcome";
    static final String SINCE = "since";
    static final String FROM = "from";
    static final int MOST_ROWS = 1_000;
    private static final long DEFAULT_ROWS = 50;

    /// Bytes of a log in one answer.
    private static final int MOST_LOG = 1 << 20;

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(BuildsAnswer.PATH, this::builds),
                Endpoint.get(BuildAnswer.PATH, this::build),
                Endpoint.get(BuildAnswer.LOG_PATH, this::log));
    }

    BuildsAnswer builds(ApiRequest request) {
        long rows = request.parameter(ROWS).isPresent() ? request.number(ROWS) : DEFAULT_ROWS;
        if (rows < 1 || rows > MOST_ROWS)
            throw new IllegalArgumentException(
                    "the parameter '%s' is not from 1 to %d: %d".formatted(ROWS, MOST_ROWS, rows));
        // One more than wanted tells whether there are more.
        var found = find(query(request), (int) rows + 1);
        var builds = found.stream().limit(rows).map(BuildAnswers::of).toList();
        return new BuildsAnswer(clock.instant(), builds, found.size() > rows);
    }

    private static Query query(ApiRequest request) {
        return new Query(
                request.parameter(BEFORE).isPresent() ? request.number(BEFORE) : Long.MAX_VALUE,
                request.parameter(NAME),
                request.parameter(MACHINE),
                request.parameter(CLIENT),
                request.parameter(OUTCOME)
                        .map(text -> Arrays.stream(text.split(",", -1))
                                .map(RecordEndpoints::outcome)
                                .toList())
                        .orElse(List.of()),
                request.parameter(SINCE).map(RecordEndpoints::instant));
    }

    static Outcome outcome(String text) {
        for (var outcome : Outcome.values()) if (text(outcome).equals(text)) return outcome;
        throw new IllegalArgumentException("the parameter '%s' has '%s', which is none of: %s"
                .formatted(
                        OUTCOME,
                        text,
                        String.join(
                                ", ",
                                Arrays.stream(Outcome.values())
                                        .map(RecordEndpoints::text)
                                        .toList())));
    }

    static String text(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT);
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "the parameter '%s' is no time as in RFC 3339: %s".formatted(SINCE, text), e);
        }
    }

    private List<BuildRecord> find(Query query, int most) {
        try {
            return records.find(query, most);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    BuildAnswer build(ApiRequest request) {
        var record = record(request);
        try {
            return BuildAnswers.of(record)
                    .with(records.placements(record.id()).stream()
                            .map(BuildAnswers::of)
                            .toList());
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private BuildRecord record(ApiRequest request) {
        long id = request.number(BuildAnswer.ID);
        try {
            return records.find(id)
                    .orElseThrow(() -> new UnknownThingException(
                            "there is no build " + id,
                            "it was never there, or its record is older than records.keep",
                            "see `dispatcher builds`"));
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    BuildAnswer.Log log(ApiRequest request) {
        var build = record(request);
        long from = request.parameter(FROM).isPresent() ? request.number(FROM) : 0;
        if (from < 0) throw new IllegalArgumentException("the parameter '%s' is below 0: %d".formatted(FROM, from));
        try {
            var log = records.log(build.id(), from, MOST_LOG);
            boolean more = !log.isLast();
            return new BuildAnswer.Log(
                    build.id(),
                    from,
                    log.next(),
                    more,
                    !more && build.outcome().isOver(),
                    new String(log.text().toByteArray(), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the parameter '%s' is wrong: %s".formatted(FROM, e.getMessage()), e);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    static UserFacingException unreadable(IOException cause) {
        return new UserFacingException(
                "the records of builds cannot be read",
                String.valueOf(cause.getMessage()),
                "see the log of the dispatcher; builds go on without them",
                cause);
    }
}
