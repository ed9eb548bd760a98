package dispatcher.cli.records;

import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.settings.value.Durations;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.ByteString;
import dispatcher.record.BuildRecord;
import dispatcher.record.BuildRecord.Outcome;
import dispatcher.record.BuildRecorder;
import dispatcher.record.LogText;
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
        long rows = number(request, ROWS, DEFAULT_ROWS, 1, MOST_ROWS);
        // One more than wanted tells whether there are more.
        var now = clock.instant();
        var found = find(query(request, now), (int) rows + 1);
        var builds = found.stream().limit(rows).map(BuildAnswers::of).toList();
        return new BuildsAnswer(now, builds, found.size() > rows);
    }

    private static Query query(ApiRequest request, Instant now) {
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
                request.parameter(SINCE).map(text -> since(text, now)));
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

    private static Instant since(String text, Instant now) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException notATime) {
            try {
                return now.minus(Durations.parse(text));
            } catch (IllegalArgumentException | DateTimeException e) {
                throw new IllegalArgumentException(
                        "the parameter '%s' is neither a time as in RFC 3339, nor a duration, such as 2h: %s"
                                .formatted(SINCE, text),
                        e);
            }
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
        int most = (int) number(request, BuildAnswer.Log.BYTES, MOST_LOG, 1, MOST_LOG);
        long from = number(request, BuildAnswer.Log.FROM, 0, 0, Long.MAX_VALUE);
        var last = request.parameter(BuildAnswer.Log.LAST);
        try {
            if (last.isPresent()) {
                long wanted = number(request, BuildAnswer.Log.LAST, 0, 1, MOST_LOG);
                long all = records.logLength(build.id());
                if (wanted < all) return answer(build, fromLineOn(records.log(build.id(), all - wanted, most)));
            }
            return answer(build, records.log(build.id(), from, most));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the parameter '%s' is wrong: %s".formatted(BuildAnswer.Log.FROM, e.getMessage()), e);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private static long number(ApiRequest request, String name, long otherwise, long least, long most) {
        long number = request.parameter(name).isPresent() ? request.number(name) : otherwise;
        if (number < least || number > most)
            throw new IllegalArgumentException(
                    "the parameter '%s' is not from %d to %d: %d".formatted(name, least, most, number));
        return number;
    }

    /// Without the line that it begins in, unless that is all.
    private static LogText fromLineOn(LogText log) {
        var text = log.text().toByteArray();
        int begin = 0;
        while (begin < text.length && text[begin] != '\n') begin++;
        if (begin >= text.length - 1) return log;
        return new LogText(
                log.from() + begin + 1,
                ByteString.wrap(Arrays.copyOfRange(text, begin + 1, text.length)),
                log.isLast());
    }

    private static BuildAnswer.Log answer(BuildRecord build, LogText log) {
        return new BuildAnswer.Log(
                build.id(),
                log.from(),
                log.next(),
                !log.isLast(),
                log.isLast() && build.outcome().isOver(),
                new String(log.text().toByteArray(), StandardCharsets.UTF_8));
    }

    static UserFacingException unreadable(IOException cause) {
        return new UserFacingException(
                "the records of builds cannot be read",
                String.valueOf(cause.getMessage()),
                "see the log of the dispatcher; builds go on without them",
                cause);
    }
}
