package dispatcher.cli.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.testkit.Bounds;
import java.nio.file.Path;
import java.util.Map;

/// Whatever comes over the control socket, a request has an answer, and an answer is understood or explained.
/// `scripts/fuzz` looks for new inputs.
class ControlFuzzTest {
    private static final Map<String, ControlHandler> HANDLERS =
            Map.of("texts", ControlFuzzTest::texts, "objects", ControlFuzzTest::objects);

    private static Json.Members texts(Fields request) {
        return new Json.Members(Map.of(
                "texts", new Json.Text(String.join(",", request.texts("of"))),
                "flag", new Json.Bool(request.flag("flag"))));
    }

    private static Json.Members objects(Fields request) {
        long sum = 0;
        for (var object : request.objects("of")) sum += object.number("number");
        return new Json.Members(Map.of("sum", new Json.Numeral(Long.toString(sum))));
    }

    @FuzzTest(maxDuration = "10m")
    void request(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryRequest(bytes));
    }

    private static void tryRequest(byte[] bytes) {
        try {
            var answer = ControlServer.answer(bytes, HANDLERS);
            assertThat(answer.get("cause").map(Json::print).orElse("")).doesNotContain("dispatcher could not do that");
            assertThat(Json.parse(answer.print())).isEqualTo(answer);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @FuzzTest(maxDuration = "10m")
    void answer(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryAnswer(bytes));
    }

    private static void tryAnswer(byte[] bytes) {
        try {
            assertThat(ControlClient.parse(Path.of("socket"), bytes).members()).isNotNull();
        } catch (UserFacingException e) {
            assertThat(e.what()).isNotNull();
        }
    }
}
