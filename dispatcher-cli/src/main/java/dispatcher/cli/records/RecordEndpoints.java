package dispatcher.cli.records;

import dispatcher.cli.api.Decimals;
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
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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
        var builds = found.stream().limit(rows).map(RecordEndpoints::answer).toList();
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
        return answer(record(request));
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
        try {
            var bytes = records.log(build.id());
            if (from < 0 || from > bytes.length)
                throw new IllegalArgumentException(
                        "the parameter '%s' is not from 0 to %d: %d".formatted(FROM, bytes.length, from));
            var text = new String(bytes, (int) from, bytes.length - (int) from, StandardCharsets.UTF_8);
            return new BuildAnswer.Log(
                    build.id(), from, bytes.length, build.outcome().isOver(), text);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private static UserFacingException unreadable(IOException cause) {
        return new UserFacingException(
                "the records of builds cannot be read",
                String.valueOf(cause.getMessage()),
                "see the log of the dispatcher; builds go on without them",
                cause);
    }

    private static BuildAnswer answer(BuildRecord record) {
        return new BuildAnswer(
                record.id(),
                record.drvPath().toString(),
                record.name(),
                record.client(),
                record.system(),
                List.copyOf(record.features()),
                text(record.outcome()),
                record.asked(),
                record.ended(),
                record.machine(),
                Optional.of(record.message()).filter(text -> !text.isEmpty()),
                new BuildAnswer.Waited(
                        Decimals.seconds(record.waits().forEqualBuild()),
                        Decimals.seconds(record.waits().forMachine())),
                Optional.of(record.copied())
                        .filter(copied -> copied.paths() > 0)
                        .map(copied -> new BuildAnswer.Copied(
                                copied.paths(), copied.bytes(), Decimals.seconds(copied.took()))),
                Optional.of(record.built()).filter(Duration::isPositive).map(Decimals::seconds),
                positive(record.outputBytes()),
                positive(record.peakMemory()),
                record.attempts().stream()
                        .map(attempt -> new BuildAnswer.Attempt(
                                attempt.machine(), attempt.reason(), attempt.began(), attempt.lost()))
                        .toList());
    }

    private static Optional<Long> positive(long bytes) {
        return bytes > 0 ? Optional.of(bytes) : Optional.empty();
    }
}
