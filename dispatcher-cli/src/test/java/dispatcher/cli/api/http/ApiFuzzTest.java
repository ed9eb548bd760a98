package dispatcher.cli.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.ExplainAnswer;
import dispatcher.cli.api.ExplainRequest;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.testkit.Bounds;
import dispatcher.wire.CommandChannel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/// Whatever comes over the control socket, a whole request has an answer, and an answer is understood or explained.
/// `scripts/fuzz` looks for new inputs.
class ApiFuzzTest {
    private static final Path SOCKET = Path.of("socket");
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final HttpService SERVICE = new HttpService(List.of(
            Endpoint.get("/api/v1/rows", request -> new Sum(request.number("rows"))),
            Endpoint.get("/api/v1/flag", request -> DrainRequest.of("" + request.flag("flag"))),
            Endpoint.post("/api/v1/texts", request -> request.body(DrainRequest.class)),
            Endpoint.post("/api/v1/sum", request -> new Sum(sum(request.body(ExplainRequest.class))))));

    private record Sum(long sum) {}

    private static long sum(ExplainRequest request) {
        return request.resources().values().stream().mapToLong(Long::longValue).sum();
    }

    /// A client that has sent all that it wants to say.
    private record Memory(InputStream in, ByteArrayOutputStream sent) implements CommandChannel {
        @Override
        public OutputStream out() {
            return sent;
        }

        @Override
        public InputStream err() {
            return InputStream.nullInputStream();
        }

        @Override
        public void awaitErrors() {}

        @Override
        public OptionalInt exitStatus(Duration limit) {
            return OptionalInt.empty();
        }

        @Override
        public void close() {}
    }

    @FuzzTest(maxDuration = "10m")
    void request(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryRequest(bytes));
    }

    private static void tryRequest(byte[] bytes) {
        var channel = new Memory(new ByteArrayInputStream(bytes), new ByteArrayOutputStream());
        try {
            ApiServer.converse(channel, SERVICE, LONG);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        var said = channel.sent.toByteArray();
        // A request that ends before its end has no answer.
        if (said.length == 0) return;
        assertThat(new String(said, StandardCharsets.UTF_8)).doesNotContain("dispatcher could not do that");
        tryAnswer(said);
    }

    @FuzzTest(maxDuration = "10m")
    void body(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryBody(bytes));
    }

    private static void tryBody(byte[] bytes) {
        for (var type : List.of(ExplainRequest.class, MachinesAnswer.class, QueueAnswer.class, ExplainAnswer.class)) {
            try {
                var value = ApiJson.read(bytes, type);
                assertThat(ApiJson.read(ApiJson.print(value), type)).isEqualTo(value);
                assertThat(ApiJson.readPrintable(bytes, type)).isNotNull();
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).isNotNull();
            }
        }
    }

    @FuzzTest(maxDuration = "10m")
    void answer(byte[] bytes) {
        Bounds.hold(bytes.length, () -> tryAnswer(bytes));
    }

    private static void tryAnswer(byte[] bytes) {
        try {
            var answer = HttpAnswer.read(SOCKET, bytes);
            assertThat(Json.parse(answer.show())).isNotNull();
            assertThat(answer.printable(MachinesAnswer.class)).isNotNull();
        } catch (UserFacingException e) {
            assertThat(e.what()).isNotNull();
        }
    }
}
