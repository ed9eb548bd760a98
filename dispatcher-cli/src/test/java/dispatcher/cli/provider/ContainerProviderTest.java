package dispatcher.cli.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineSize;
import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.SizeFile;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against something that listens as an engine does, and has containers and an image.
class ContainerProviderTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final MachineAddress ADDRESS =
            new MachineAddress("box", 22, "nix", Optional.empty(), Optional.empty());

    private final List<String> output = new CopyOnWriteArrayList<>();

    @TempDir
    private Path directory;

    private FakeContainerEngine engine;

    @BeforeEach
    void start() throws IOException {
        engine = FakeContainerEngine.at(directory.resolve("docker.sock"));
    }

    @AfterEach
    void end() throws IOException {
        engine.close();
    }

    private ContainerProvider provider(OnDemand.Container settings, OwnContainers all) {
        return new ContainerProvider(
                "/var/lib/dispatcher",
                "box",
                settings,
                EngineSocket.of(settings, Map.of("DOCKER_HOST", "unix://" + directory.resolve("docker.sock"))),
                all,
                new SizeFile(directory.resolve("box/size")),
                output::add);
    }

    private ContainerProvider provider(OnDemand.Container settings) {
        return provider(settings, new OwnContainers(true));
    }

    private static OnDemand.Container ephemeral(String image) {
        return container(image, true, false);
    }

    private static OnDemand.Container container(String image, boolean ephemeral, boolean sandbox) {
        var kept = OnDemand.Container.of(image);
        return new OnDemand.Container(
                kept.image(),
                kept.command(),
                kept.environment(),
                kept.mounts(),
                kept.cpus(),
                kept.memory(),
                kept.platform(),
                kept.socket(),
                kept.network(),
                kept.sshPort(),
                ephemeral,
                sandbox);
    }

    @Test
    void isMadeAndStartedAndReachedAtItsPort() throws Exception {
        var box = provider(OnDemand.Container.of("builder"));
        assertThat(box.isRunning()).contains(false);
        box.start(LONG);
        assertThat(box.isRunning()).contains(true);
        assertThat(box.ended()).isEmpty();
        assertThat(box.address(ADDRESS)).hasToString("nix@127.0.0.1:49153");
        assertThat(engine.containers()).singleElement().satisfies(made -> {
            assertThat(made.image()).isEqualTo("builder");
            assertThat(made.name()).startsWith("dispatcher-box-");
            assertThat(made.labels())
                    .containsEntry("dispatcher.machine", "box")
                    .containsEntry("dispatcher.state", "/var/lib/dispatcher");
        });
    }

    @Test
    void mayDoNoMoreThanOthersUnlessItIsForASandbox() throws Exception {
        provider(container("builder", false, false)).start(LONG);
        provider(container("builder", false, true)).start(LONG);
        assertThat(engine.containers()).singleElement().satisfies(made -> {
            assertThat(made.host().path("CapAdd")).extracting(JsonNode::asText).contains("SYS_ADMIN", "NET_ADMIN");
            assertThat(made.host().path("SecurityOpt"))
                    .extracting(JsonNode::asText)
                    .contains("seccomp=unconfined");
            assertThat(made.host().path("MaskedPaths").isArray()).isTrue();
            assertThat(made.host().path("ReadonlyPaths").isArray()).isTrue();
        });
        provider(container("builder", false, false)).start(LONG);
        assertThat(engine.containers()).singleElement().satisfies(made -> {
            assertThat(made.host().path("CapAdd")).isEmpty();
            assertThat(made.host().has("MaskedPaths")).isFalse();
        });
    }

    @Test
    void isKeptWhenItStopsAndStartedAgain() throws Exception {
        var box = provider(OnDemand.Container.of("builder"));
        box.start(LONG);
        var id = engine.containers().getFirst().id();
        box.stop(LONG);
        assertThat(box.isRunning()).contains(false);
        assertThat(box.ended()).contains("its container has ended with exit status 137");
        box.start(LONG);
        assertThat(engine.containers()).extracting(FakeContainerEngine.Made::id).containsExactly(id);
    }

    @Test
    void anEphemeralOneIsGoneWhenItStops() throws Exception {
        var box = provider(ephemeral("builder"));
        box.start(LONG);
        box.stop(LONG);
        assertThat(engine.containers()).isEmpty();
        assertThat(box.ended()).contains("its container is gone");
    }

    @Test
    void whatAnEarlierDispatcherLeftIsTakenOverIfItIsTheSame() throws Exception {
        provider(OnDemand.Container.of("builder")).start(LONG);
        var next = provider(OnDemand.Container.of("builder"));
        assertThat(next.isRunning()).contains(true);
        next.start(LONG);
        assertThat(engine.containers()).hasSize(1);
        assertThat(output).isEmpty();
    }

    @Test
    void whatAnEarlierDispatcherLeftIsRemovedIfItIsAnother() throws Exception {
        provider(OnDemand.Container.of("old")).start(LONG);
        var next = provider(OnDemand.Container.of("builder"));
        assertThat(next.isRunning()).contains(false);
        next.start(LONG);
        assertThat(engine.containers())
                .extracting(FakeContainerEngine.Made::image)
                .containsExactly("builder");
        assertThat(output).singleElement().asString().endsWith(" of box, which an earlier dispatcher has left");
    }

    @Test
    void whatIsStillUsedWithSettingsOfBeforeIsLeft() throws Exception {
        var all = new OwnContainers(true);
        provider(OnDemand.Container.of("old"), all).start(LONG);
        provider(OnDemand.Container.of("builder"), all).start(LONG);
        assertThat(engine.containers())
                .extracting(FakeContainerEngine.Made::image)
                .containsExactlyInAnyOrder("old", "builder");
    }

    @Test
    void containersOfOthersAreLeft() throws Exception {
        engine.add("theirs", Map.of("dispatcher.state", "/home/other", "dispatcher.machine", "box"));
        engine.add("database", Map.of());
        provider(OnDemand.Container.of("builder")).start(LONG);
        assertThat(engine.containers())
                .extracting(FakeContainerEngine.Made::image)
                .containsExactlyInAnyOrder("theirs", "database", "builder");
    }

    @Test
    void containersOfMachinesThatAreGoneAreRemovedByWhoKnowsAllMachines() throws Exception {
        var labels = Map.of("dispatcher.state", "/var/lib/dispatcher", "dispatcher.machine", "gone");
        engine.add("left", labels);
        provider(OnDemand.Container.of("builder"), new OwnContainers(false)).start(LONG);
        assertThat(engine.containers()).hasSize(2);
        provider(OnDemand.Container.of("builder"), new OwnContainers(true)).stop(LONG);
        provider(OnDemand.Container.of("builder"), new OwnContainers(true)).start(LONG);
        assertThat(engine.containers())
                .extracting(FakeContainerEngine.Made::image)
                .containsExactly("builder");
    }

    @Test
    void anotherSizeIsThatOfTheNextContainer() throws Exception {
        var box = provider(OnDemand.Container.of("builder"));
        box.start(LONG);
        box.resize(new MachineSize(Optional.of(2.0), Optional.of(1L << 30), Optional.empty()));
        assertThat(box.isRunning()).as("until it stops, it is as it was").contains(true);
        box.stop(LONG);
        box.start(LONG);
        assertThat(engine.containers()).singleElement().satisfies(made -> {
            assertThat(made.host().path("NanoCpus").asLong()).isEqualTo(2_000_000_000L);
            assertThat(made.host().path("Memory").asLong()).isEqualTo(1L << 30);
        });
        assertThat(provider(OnDemand.Container.of("builder")).isRunning())
                .as("after a restart of the dispatcher")
                .contains(true);
        assertThatThrownBy(() -> box.resize(new MachineSize(Optional.empty(), Optional.empty(), Optional.of(1L))))
                .hasMessageContaining("no disk of its own");
    }

    @Test
    void anImageThatIsNowhereIsSaidInTheWordsOfTheEngine() {
        assertThatThrownBy(() -> provider(OnDemand.Container.of("nowhere")).start(LONG))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("pull nowhere: pull access denied for nowhere");
        assertThat(output).containsExactly("the engine does not have the image nowhere; it is pulled");
    }

    @Test
    void whatItPrintedIsTheEndOfItsLog() throws Exception {
        var box = provider(OnDemand.Container.of("builder"));
        assertThat(box.tail(5)).isEmpty();
        box.start(LONG);
        assertThat(box.tail(5)).containsExactly("Server listening on 0.0.0.0 port 22.");
    }

    @Test
    void anEngineThatDoesNotListenIsNamedWithWhatToDo() throws Exception {
        var dead = directory.resolve("dead.sock");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(dead));
        }
        var settings = OnDemand.Container.of("builder");
        var box = new ContainerProvider(
                "/var/lib/dispatcher",
                "box",
                settings,
                new EngineSocket(List.of(dead), Optional.empty()),
                new OwnContainers(true),
                new SizeFile(directory.resolve("size")),
                output::add);
        assertThatThrownBy(() -> box.start(LONG))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "the container engine at %s cannot be reached: Connection refused; start Docker or Podman, or"
                                + " set onDemand.container.socket",
                        dead);
    }
}
