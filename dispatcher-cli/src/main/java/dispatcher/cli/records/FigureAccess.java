package dispatcher.cli.records;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.record.BuildRecorder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/// The way to figures from records of builds: the running dispatcher, or its database if none runs.
///
/// @param state      the directory of the dispatcher's state
/// @param dispatcher perhaps nobody
record FigureAccess(Path state, ApiClient dispatcher) {
    ApiAnswer ask(
            String path, Map<String, String> parameters, BiFunction<FigureEndpoints, ApiRequest, Object> question) {
        var query = parameters.entrySet().stream()
                .map(it -> it.getKey() + "=" + URLEncoder.encode(it.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&", "?", ""));
        return dispatcher.get(path + query).orElseGet(() -> ofDatabase(parameters, question));
    }

    private ApiAnswer ofDatabase(
            Map<String, String> parameters, BiFunction<FigureEndpoints, ApiRequest, Object> question) {
        try (var database = RecordDatabase.existingIn(state)) {
            var endpoints = new FigureEndpoints(
                    BuildRecorder.reading(database.records()),
                    database.figures(),
                    FigureEndpoints.nothing(),
                    InstantSource.system());
            return ApiAnswer.of(question.apply(endpoints, ApiRequest.of(parameters)));
        }
    }
}
