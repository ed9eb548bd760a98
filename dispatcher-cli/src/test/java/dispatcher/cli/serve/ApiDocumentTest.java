package dispatcher.cli.serve;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.ExplainAnswer;
import dispatcher.cli.api.ExplainRequest;
import dispatcher.cli.api.ForgetRequest;
import dispatcher.cli.api.HistoryAnswer;
import dispatcher.cli.api.JoinRequest;
import dispatcher.cli.api.MachinePower;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.Problem;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.ReloadAnswer;
import dispatcher.cli.api.SpoolAnswer;
import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.api.TrimRequest;
import dispatcher.cli.api.action.BuildAction;
import dispatcher.cli.api.event.FleetEvent;
import dispatcher.cli.api.graph.GraphAnswer;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.http.TextAnswer;
import dispatcher.cli.api.record.BuildAnswer;
import dispatcher.cli.api.record.BuildsAnswer;
import dispatcher.cli.api.record.LoadAnswer;
import dispatcher.cli.api.record.PackagesAnswer;
import dispatcher.cli.api.record.TimelineAnswer;
import dispatcher.cli.metrics.MetricsEndpoint;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `docs/API.md` and a whole dispatcher.
class ApiDocumentTest {
    private static final Pattern ENDPOINT =
            Pattern.compile("### `([A-Z]+ /\\S+)`\\n(?:(?!\\n#).)*?```(?:json|text)\\n(.*?)\\n```", Pattern.DOTALL);
    private static final Pattern ERROR = Pattern.compile("## Errors\\n.*?```json\\n(.*?)\\n```", Pattern.DOTALL);

    private static final Map<String, Class<?>> ANSWERS = Map.ofEntries(
            Map.entry("GET " + MachinesAnswer.PATH, MachinesAnswer.class),
            Map.entry("GET " + MachinePower.STATUS_PATH, MachinePower.class),
            Map.entry("POST " + MachinePower.START_PATH, MachinePower.class),
            Map.entry("POST " + MachinePower.STOP_PATH, MachinePower.class),
            Map.entry("POST " + MachinePower.RESTART_PATH, MachinePower.class),
            Map.entry("POST " + MachinePower.RESIZE_PATH, MachinePower.class),
            Map.entry("GET " + MachinePower.LOGS_PATH, MachinePower.Log.class),
            Map.entry("GET " + QueueAnswer.PATH, QueueAnswer.class),
            Map.entry("POST " + ExplainRequest.PATH, ExplainAnswer.class),
            Map.entry("POST " + DrainRequest.DRAIN_PATH, DrainAnswer.class),
            Map.entry("POST " + DrainRequest.RESUME_PATH, DrainAnswer.class),
            Map.entry("GET " + StatusAnswer.PATH, StatusAnswer.class),
            Map.entry("GET " + BuildsAnswer.PATH, BuildsAnswer.class),
            Map.entry("GET " + BuildAnswer.PATH, BuildAnswer.class),
            Map.entry("GET " + BuildAnswer.LOG_PATH, BuildAnswer.Log.class),
            Map.entry("GET " + TimelineAnswer.PATH, TimelineAnswer.class),
            Map.entry("GET " + LoadAnswer.PATH, LoadAnswer.class),
            Map.entry("GET " + PackagesAnswer.PATH, PackagesAnswer.class),
            Map.entry("GET " + GraphAnswer.PATH, GraphAnswer.class),
            Map.entry("POST " + JoinRequest.ADD_PATH, JoinRequest.Answer.class),
            Map.entry("POST " + JoinRequest.REMOVE_PATH, JoinRequest.Answer.class),
            Map.entry("POST " + BuildAction.CANCEL_PATH, BuildAction.Answer.class),
            Map.entry("POST " + BuildAction.RETRY_PATH, BuildAction.Answer.class),
            Map.entry("POST " + BuildAction.RAISE_PATH, BuildAction.Answer.class),
            Map.entry("GET " + FleetEvent.PATH, FleetEvent.class),
            Map.entry("GET " + HistoryAnswer.PATH, HistoryAnswer.class),
            Map.entry("POST " + ForgetRequest.PATH, ForgetRequest.Answer.class),
            Map.entry("GET " + SpoolAnswer.PATH, SpoolAnswer.class),
            Map.entry("POST " + TrimRequest.PATH, SpoolAnswer.class),
            Map.entry("GET " + MetricsEndpoint.PATH, TextAnswer.class),
            Map.entry("POST " + ReloadAnswer.PATH, ReloadAnswer.class));

    @TempDir
    private Path directory;

    private static String document() throws IOException {
        return Files.readString(Path.of("../docs/API.md"));
    }

    /// The examples by their endpoints.
    private static Map<String, String> documented() throws IOException {
        var found = new HashMap<String, String>();
        var matcher = ENDPOINT.matcher(document());
        while (matcher.find()) found.put(matcher.group(1), matcher.group(2));
        return found;
    }

    private Server start() throws IOException {
        var config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                hostStore: off
                machines: [{hostName: a, system: x86_64-linux}]
                """);
        return new Server(SettingsFile.load(config, Surroundings.ofProcess()), "test");
    }

    @Test
    void theEndpointsThatAreDocumentedAreThoseOfTheServer() throws IOException {
        try (var server = start()) {
            assertThat(server.endpoints().stream().map(it -> it.method() + " " + it.path()))
                    .containsExactlyInAnyOrderElementsOf(documented().keySet());
            var machines = new ApiClient(server.settings().controlSocket())
                    .get(MachinesAnswer.PATH)
                    .orElseThrow()
                    .as(MachinesAnswer.class);
            assertThat(machines.machines())
                    .singleElement()
                    .matches(it -> it.name().equals("a"));
        }
    }

    @Test
    void theExamplesAreAnswersOfTheirEndpoints() throws IOException {
        var documented = documented();
        assertThat(documented).containsOnlyKeys(ANSWERS.keySet());
        documented.forEach((endpoint, example) -> assertIsA(requireNonNull(ANSWERS.get(endpoint)), example));
        var error = ERROR.matcher(document());
        assertThat(error.find()).isTrue();
        assertIsA(Problem.class, error.group(1));
    }

    private static void assertIsA(Class<?> type, String example) {
        if (type == TextAnswer.class) {
            assertThat(example).contains("# TYPE ");
            return;
        }
        var printed = ApiJson.print(ApiJson.read(example.getBytes(StandardCharsets.UTF_8), type));
        assertThat((Object) Json.parse(printed)).isEqualTo(Json.parse(example));
    }

    @Test
    void theTypesOfProblemsAreDocumented() throws IOException {
        assertThat(document())
                .contains(
                        Problem.notUnderstood("").type(),
                        Problem.noEndpoint("").type(),
                        Problem.wrongMethod("").type(),
                        Problem.ofProtocol(400, "").type(),
                        Problem.internal(new IOException()).type(),
                        "urn:dispatcher:problem:unknown",
                        "urn:dispatcher:problem:refused");
    }
}
