package dispatcher.machine.link;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientIdentity;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.nix.StoreDir;
import dispatcher.testkit.Machines;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.ProcessChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The machine is this host, asked by its own shell.
@EnabledOnOs(OS.LINUX)
class HomeCheckTest {
    @TempDir
    private Path temp;

    private StoreDir storeDir = StoreDir.NIX_STORE;
    private Machine machine = Machines.machine("m", 1, 1);
    private final AtomicInteger asked = new AtomicInteger();
    private boolean answers = true;
    private String peer = "127.0.0.1";

    @BeforeEach
    void makeStore() throws IOException {
        storeDir = new StoreDir(temp.resolve("store").toString());
        Files.createDirectories(temp.resolve("var/nix/db"));
    }

    private final Transport transport = new Transport() {
        @Override
        public CommandChannel open(String command) {
            throw new AssertionError("a connection was made");
        }

        @Override
        public Optional<CommandChannel> openIfConnected(String command) throws IOException {
            asked.incrementAndGet();
            return Optional.of(ProcessChannel.start(List.of(answers ? command : "true")));
        }

        @Override
        public Optional<String> peer() {
            return Optional.of(peer);
        }

        @Override
        public void close() {}
    };

    private boolean isHomeOf(ClientIdentity client) throws InterruptedException {
        return check(HomeCheck.thisHost(storeDir)).isHomeOf(client);
    }

    private HomeCheck check(HomeCheck.ThisHost host) {
        return new HomeCheck(() -> machine, transport, storeDir, host);
    }

    private static ClientIdentity client(String address) {
        return ClientIdentity.ofKey("ci", address, "SHA256:ci", ClientGrant.DEFAULT);
    }

    private static ClientIdentity local() {
        return ClientIdentity.ofUser("dev", ClientGrant.DEFAULT);
    }

    @Test
    void machineThatHasTheClientsConnectionIsItsHost() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
                var connection = new Socket(server.getInetAddress(), server.getLocalPort());
                var accepted = server.accept()) {
            var client = client("127.0.0.1:" + accepted.getPort());
            var check = check(HomeCheck.thisHost(storeDir));

            assertThat(check.isHomeOf(client)).isTrue();
            assertThat(check.isHomeOf(client)).isTrue();
            assertThat(asked).as("asked once").hasValue(1);
            assertThat(connection.isConnected()).isTrue();
        }
    }

    @Test
    void machineBehindTheSameAddressWithoutTheConnectionIsAnotherHost() throws Exception {
        int free;
        try (var server = new ServerSocket(0)) {
            free = server.getLocalPort();
        }

        assertThat(isHomeOf(client("127.0.0.1:" + free))).isFalse();
        assertThat(asked).hasValue(1);
    }

    @Test
    void machineAtAnotherAddressIsNotEvenAsked() throws Exception {
        assertThat(isHomeOf(client("127.0.0.2:4000"))).isFalse();
        assertThat(isHomeOf(client("[::1]:4000"))).isFalse();
        assertThat(asked).hasValue(0);
    }

    @Test
    void machineThatDoesNotTellIsTheHostAtItsAddressIfReachedAtTheUsualPort() throws Exception {
        answers = false;
        assertThat(isHomeOf(client("127.0.0.1:4000"))).isTrue();

        machine = Machines.machine("m", 1, 1)
                .withAddress(new MachineAddress("m", 31_022, "nix", Optional.empty(), Optional.empty()));
        assertThat(isHomeOf(client("127.0.0.1:4000"))).isFalse();
    }

    private void makeMachineThisHost() {
        machine = machine.withAddress(MachineAddress.ofDaemon(Path.of("/nix/var/nix/daemon-socket/socket"), "root"));
    }

    @Test
    void thisHostIsThatOfEveryLocalClient() throws Exception {
        makeMachineThisHost();

        assertThat(isHomeOf(local())).isTrue();
        assertThat(asked).hasValue(0);
    }

    @Test
    void thisHostIsThatOfClientsThatComeFromHereOverTheNetwork() throws Exception {
        makeMachineThisHost();
        try (var server = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
                var connection = new Socket(server.getInetAddress(), server.getLocalPort());
                var accepted = server.accept()) {
            assertThat(isHomeOf(client("127.0.0.1:" + accepted.getPort()))).isTrue();
            assertThat(connection.isConnected()).isTrue();
        }
        assertThat(isHomeOf(client("192.0.2.7:4000"))).isFalse();
    }

    /// As on macOS, which shows no connections in /proc.
    @Test
    void thisHostIsThatOfClientsAtItsAddressIfNothingCanBeFoundOut() throws Exception {
        makeMachineThisHost();
        answers = false;

        assertThat(isHomeOf(client("127.0.0.1:4000"))).isTrue();
    }

    @Test
    void machineWithOurKernelAndStoreIsTheHostOfLocalClients() throws Exception {
        assertThat(isHomeOf(local())).isTrue();
    }

    @Test
    void machineOnThisHostWithAStoreOfItsOwnIsAnother() throws Exception {
        var own = HomeCheck.thisHost(new StoreDir(temp.resolve("other/store").toString()));
        Files.createDirectories(temp.resolve("other/var/nix/db"));

        assertThat(check(own).isHomeOf(local())).isFalse();
    }

    @Test
    void machineThatDoesNotTellIsNotTheHostOfLocalClients() throws Exception {
        answers = false;

        assertThat(isHomeOf(local())).isFalse();
    }

    @Test
    void machineThatDoesNotTellIsAskedOnce() throws Exception {
        answers = false;
        var check = check(HomeCheck.thisHost(storeDir));
        for (int i = 0; i < 3; i++) assertThat(check.isHomeOf(local())).isFalse();

        assertThat(asked).hasValue(1);
    }

    @Test
    void machineElsewhereIsNotTheHostOfLocalClients() throws Exception {
        peer = "192.0.2.1";

        assertThat(isHomeOf(local())).isFalse();
        assertThat(asked).hasValue(0);
    }
}
