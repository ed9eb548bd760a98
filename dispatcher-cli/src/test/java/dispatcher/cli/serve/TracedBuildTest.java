package dispatcher.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import dispatcher.cli.otlp.Collector;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.protocol.Conversation;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.protocol.worker.WorkerServer;
import dispatcher.ssh.server.SshFrontEnd;
import dispatcher.ssh.server.SshFrontEndException;
import dispatcher.ssh.server.SshFrontEndOptions;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Verify;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import dispatcher.wire.socket.UnixSocketChannel;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Builds that a whole dispatcher has a machine do, whose Nix is played by a store in memory, and their traces.
@Tag("slow")
@Timeout(120)
class TracedBuildTest {
    private static final StorePath OUT = FakeStore.path("tool-1.0");
    private static final NarTree TREE = NarTree.file("made");

    @TempDir
    private Path directory;

    private final FakeStore store = new FakeStore();
    private SshFrontEnd machine;
    private int port;

    @BeforeEach
    void startMachine() throws IOException, SshFrontEndException {
        var key = directory.resolve("key");
        var keys = Files.writeString(directory.resolve("keys"), SshFrontEnd.hostKeyLine(key) + " dispatcher\n");
        port = freePort();
        machine = SshFrontEnd.start(
                SshFrontEndOptions.of("127.0.0.1", port, key, keys, ClientRules.NONE, ClientLimits.DEFAULT),
                this::serve);
    }

    @AfterEach
    void stopMachine() {
        machine.close();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private int serve(ClientProtocol protocol, Conversation conversation) {
        try {
            new WorkerServer(
                            new WireReader(conversation.in()),
                            new WireWriter(conversation.out()),
                            store,
                            StoreDir.NIX_STORE,
                            "2.31.1")
                    .run();
            return 0;
        } catch (IOException | InterruptedException e) {
            return 1;
        }
    }

    private Server start(String collector) throws IOException, SshFrontEndException {
        var config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                hostStore: off
                otlp: {collector: "%s"}
                machines:
                  - {hostName: 127.0.0.1, name: m, port: %d, sshUser: u, sshKey: key, publicHostKey: %s,
                     system: x86_64-linux, protocol: ssh-ng}
                """.formatted(
                        collector, port, SshFrontEnd.hostKeyLine(directory.resolve("key"))));
        return new Server(SettingsFile.load(config, Surroundings.ofProcess()), "1.2.3");
    }

    /// By a client that fetches the output of a build that went well.
    private BuildResult build() throws IOException, InterruptedException {
        var derivation = new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(OUT))),
                Set.of(),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>(Map.of(ByteString.of("out"), ByteString.of(StoreDir.NIX_STORE.print(OUT)))));
        try (var client = new WorkerClient(
                UnixSocketChannel.connect(directory.resolve("d.sock")), StoreDir.NIX_STORE, "the dispatcher")) {
            var result = client.buildDerivation(
                    FakeStore.path("tool-1.0.drv"), derivation, BuildOptions.DEFAULT, BuildLog.NONE);
            if (result.status().isSuccess()) client.narFromPath(OUT, Verify.HERE, OutputStream.nullOutputStream());
            return result;
        }
    }

    private static void awaitSpan(Collector collector, String name) {
        Await.until(
                "the collector has a span " + name,
                () -> collector.spans().stream().anyMatch(span -> span.getName().equals(name)));
    }

    private static Map<String, String> said(Span span) {
        return span.getAttributesList().stream()
                .collect(Collectors.toMap(
                        it -> it.getKey(),
                        it -> it.getValue().hasIntValue()
                                ? Long.toString(it.getValue().getIntValue())
                                : it.getValue().getStringValue()));
    }

    @Test
    void aBuildAndWhatItsClientFetchesIsATrace() throws Exception {
        store.building((_, _, _, _) -> {
            store.with(PathInfo.of(OUT, TREE.narHash(), TREE.toNar().length, List.of()), TREE);
            return BuildResult.of(BuildStatus.BUILT, "");
        });
        try (var collector = Collector.start()) {
            try (var _ = start(collector.url())) {
                assertThat(build())
                        .extracting(BuildResult::status, BuildResult::message)
                        .containsExactly(BuildStatus.BUILT, "");
                awaitSpan(collector, "copy-out");
            }

            var spans = collector.spans();
            assertThat(spans).extracting(Span::getName).contains("build", "queue", "attempt", "run", "copy-out");
            assertThat(spans)
                    .extracting(Span::getTraceId)
                    .containsOnly(spans.getFirst().getTraceId());
            var root = spans.getFirst();
            assertThat(root.getParentSpanId()).isEmpty();
            assertThat(root.getEndTimeUnixNano()).isGreaterThan(root.getStartTimeUnixNano());
            assertThat(root.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
            assertThat(said(root))
                    .containsEntry("dispatcher.derivation.name", "tool-1.0")
                    .containsEntry("dispatcher.machine", "m")
                    .containsEntry("dispatcher.outcome", "built")
                    .containsEntry("dispatcher.output.bytes", Integer.toString(TREE.toNar().length));
            var copy = spans.stream()
                    .filter(span -> span.getName().equals("copy-out"))
                    .toList();
            assertThat(copy).singleElement().extracting(Span::getParentSpanId).isEqualTo(root.getSpanId());
        }
    }

    @Test
    void aFailedBuildIsAnErrorWithItsReason() throws Exception {
        store.building((_, _, _, _) -> BuildResult.of(BuildStatus.PERMANENT_FAILURE, "exit code 7"));
        try (var collector = Collector.start()) {
            try (var _ = start(collector.url())) {
                assertThat(build().status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
                awaitSpan(collector, "build");
            }

            var root = collector.spans().getFirst();
            assertThat(said(root)).containsEntry("dispatcher.outcome", "failed");
            assertThat(root.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
            assertThat(root.getStatus().getMessage()).contains("exit code 7");
        }
    }

    @Test
    void aCollectorThatIsDownKeepsNoBuild() throws Exception {
        store.building((_, _, _, _) -> BuildResult.of(BuildStatus.PERMANENT_FAILURE, "exit code 7"));
        try (var _ = start("http://127.0.0.1:" + freePort())) {
            for (int i = 0; i < 3; i++) assertThat(build().status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
        }
    }
}
