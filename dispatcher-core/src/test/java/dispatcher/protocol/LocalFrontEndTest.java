package dispatcher.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientIdentity;
import dispatcher.access.ClientLimits;
import dispatcher.access.ClientPattern;
import dispatcher.access.ClientRule;
import dispatcher.access.ClientRules;
import dispatcher.testkit.Await;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LocalFrontEndTest {
    private static final byte[] WORKER = {0x63, 0x78, 0x69, 0x6e, 0, 0, 0, 0};
    private static final ClientGrant MINE =
            new ClientGrant("mine", true, 5, Optional.empty(), Optional.empty(), OptionalInt.empty(), false);

    @TempDir
    private Path temp;

    private final LinkedBlockingQueue<ClientIdentity> clients = new LinkedBlockingQueue<>();

    private volatile Optional<String> declined = Optional.empty();

    private Path socket() {
        return temp.resolve("s");
    }

    private LocalFrontEnd start(int connections, int perUser, Duration loginTime) throws IOException {
        var limits = new ClientLimits(connections, 100, perUser, 100, 100, 100, loginTime, 100, 1, 1, 1);
        var me = new ClientPattern.Name(System.getProperty("user.name"));
        var rules = new ClientRules(List.of(new ClientRule(MINE, List.of(), List.of(me))));
        return LocalFrontEnd.open(socket(), rules, limits, () -> declined, this::echo);
    }

    private int echo(ClientProtocol protocol, Conversation conversation) {
        clients.add(conversation.client());
        try {
            conversation.err().write(protocol.toString().getBytes(StandardCharsets.UTF_8));
            conversation.in().transferTo(conversation.out());
        } catch (IOException e) {
            // The client has gone.
        }
        return 0;
    }

    private UnixSocketChannel greet(String... lines) throws IOException {
        var channel = UnixSocketChannel.connect(socket());
        for (var line : lines) channel.out().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        channel.out().write(WORKER);
        return channel;
    }

    private static String read(UnixSocketChannel channel) throws IOException {
        return new String(channel.in().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void clientThatIsDeclinedReadsWhyUnlessItChoseAMachine() throws Exception {
        declined = Optional.of("on battery");
        try (var _ = start(10, 10, Duration.ofMinutes(1))) {
            try (var channel = greet()) {
                assertThat(read(channel)).isEqualTo("dispatcher: build it on this host: on battery\n");
            }
            try (var channel = greet("machine builder-1")) {
                channel.endOutput();
                assertThat(read(channel)).hasSize(Long.BYTES);
            }
            declined = Optional.empty();
            try (var channel = greet()) {
                channel.endOutput();
                assertThat(read(channel)).hasSize(Long.BYTES);
            }
        }
    }

    @Test
    void clientIsTheUserThatTheKernelSaw() throws Exception {
        try (var _ = start(10, 10, Duration.ofMinutes(1));
                var channel = greet()) {
            assertThat(channel.in().readNBytes(8)).isEqualTo(WORKER);
            var client = clients.take();
            assertThat(client.name()).isEqualTo(System.getProperty("user.name"));
            assertThat(client.credential()).isEqualTo("user:" + client.name());
            assertThat(client.local()).isTrue();
            assertThat(client.grant()).isEqualTo(MINE);
        }
    }

    @Test
    void standardErrorIsAConnectionOfItsOwn() throws Exception {
        try (var _ = start(2, 1, Duration.ofMinutes(1));
                var err = UnixSocketChannel.connect(socket())) {
            err.out().write("stdio err 7\n".getBytes(StandardCharsets.UTF_8));
            try (var main = greet("stdio main 7")) {
                assertThat(main.in().readNBytes(8)).isEqualTo(WORKER);
                assertThat(err.in().readNBytes(6)).isEqualTo("WORKER".getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    @Test
    void clientMayChooseItsMachineFirstInEitherProtocol() throws Exception {
        try (var _ = start(10, 10, Duration.ofMinutes(1))) {
            try (var worker = greet("machine arm-1")) {
                assertThat(worker.in().readNBytes(8)).isEqualTo(WORKER);
                assertThat(clients.take().machine()).contains("arm-1");
            }
            try (var err = UnixSocketChannel.connect(socket())) {
                err.out().write("stdio err 7\n".getBytes(StandardCharsets.UTF_8));
                try (var main = greet("machine arm-1", "stdio main 7")) {
                    assertThat(main.in().readNBytes(8)).isEqualTo(WORKER);
                    assertThat(clients.take().machine()).contains("arm-1");
                    assertThat(err.in().readNBytes(6)).isEqualTo("WORKER".getBytes(StandardCharsets.UTF_8));
                }
            }
            try (var any = greet()) {
                assertThat(any.in().readNBytes(8)).isEqualTo(WORKER);
                assertThat(clients.take().machine()).isEmpty();
            }
        }
    }

    @Test
    void connectionThatIsOneTooManyIsToldWhy() throws Exception {
        try (var _ = start(1, 10, Duration.ofMinutes(1))) {
            try (var first = greet()) {
                assertThat(first.in().readNBytes(8)).isEqualTo(WORKER);
                try (var second = greet()) {
                    second.endOutput();
                    assertThat(read(second))
                            .isEqualTo("dispatcher: this dispatcher has 1 connections, which is all it allows\n");
                }
            }
            Await.until("the first has left", this::isLetIn);
        }
    }

    private boolean isLetIn() {
        try (var channel = greet()) {
            return channel.in().readNBytes(8)[0] == WORKER[0];
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void oneUserCannotTakeAllConnections() throws Exception {
        try (var _ = start(10, 1, Duration.ofMinutes(1));
                var first = greet()) {
            assertThat(first.in().readNBytes(8)).isEqualTo(WORKER);
            try (var second = greet()) {
                second.endOutput();
                assertThat(read(second)).contains("you have 1 connections");
            }
        }
    }

    @Test
    void whoSaysNothingIsSentAway() throws Exception {
        try (var _ = start(10, 10, Duration.ofMillis(50));
                var silent = UnixSocketChannel.connect(socket());
                var halfway = UnixSocketChannel.connect(socket())) {
            halfway.out().write("stdio main".getBytes(StandardCharsets.UTF_8));
            assertThat(read(silent)).isEmpty();
            assertThat(read(halfway)).isEmpty();
        }
    }
}
