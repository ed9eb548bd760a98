package dispatcher.cli.records;

import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.record.BuildRecorder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/// The way to records of builds: the running dispatcher, or its database if none runs.
///
/// @param state      the directory of the dispatcher's state
/// @param dispatcher perhaps nobody
record RecordAccess(Path state, ApiClient dispatcher) {
    /// Characters of the hash in the name of a store path.
    private static final int HASH = 32;

    ApiAnswer builds(Map<String, String> parameters) {
        return ask(BuildsAnswer.PATH, parameters, RecordEndpoints::builds);
    }

    ApiAnswer build(long id) {
        return ask(BuildAnswer.pathOf(BuildAnswer.PATH, id), ofBuild(id), RecordEndpoints::build);
    }

    /// @param from in bytes from the beginning of the log
    ApiAnswer log(long id, long from) {
        var parameters = new HashMap<>(ofBuild(id));
        parameters.put(BuildAnswer.Log.FROM, Long.toString(from));
        return ask(BuildAnswer.pathOf(BuildAnswer.LOG_PATH, id), parameters, RecordEndpoints::log);
    }

    private static Map<String, String> ofBuild(long id) {
        return Map.of(BuildAnswer.ID, Long.toString(id));
    }

    private ApiAnswer ask(
            String path, Map<String, String> parameters, BiFunction<RecordEndpoints, ApiRequest, Object> question) {
        return dispatcher.get(path + query(parameters)).orElseGet(() -> ofDatabase(parameters, question));
    }

    private static String query(Map<String, String> parameters) {
        return parameters.entrySet().stream()
                .filter(it -> !it.getKey().equals(BuildAnswer.ID))
                .map(it -> it.getKey() + "=" + URLEncoder.encode(it.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&", "?", ""));
    }

    private ApiAnswer ofDatabase(
            Map<String, String> parameters, BiFunction<RecordEndpoints, ApiRequest, Object> question) {
        try (var database = RecordDatabase.existingIn(state)) {
            var endpoints = new RecordEndpoints(BuildRecorder.reading(database.records()), InstantSource.system());
            return ApiAnswer.of(question.apply(endpoints, ApiRequest.of(parameters)));
        }
    }

    /// The number of a build that a person has written: itself, or a name, or a derivation's path. Of several builds
    /// of that name it is the newest.
    ///
    /// @throws UnknownThingException if there is none
    long idOf(String text) {
        if (text.matches("\\d{1,18}")) return Long.parseLong(text);
        var name = nameOf(text);
        var found = builds(Map.of(RecordEndpoints.NAME, name, RecordEndpoints.ROWS, "1"))
                .as(BuildsAnswer.class)
                .builds();
        if (found.isEmpty())
            throw new UnknownThingException(
                    "no build of %s is on record".formatted(name),
                    "none was asked for, or its record is older than records.keep",
                    "see `dispatcher builds`");
        return found.getFirst().id();
    }

    private static String nameOf(String text) {
        var base = text.substring(text.lastIndexOf('/') + 1);
        if (base.length() > HASH && base.charAt(HASH) == '-') base = base.substring(HASH + 1);
        return base.endsWith(".drv") ? base.substring(0, base.length() - ".drv".length()) : base;
    }
}
