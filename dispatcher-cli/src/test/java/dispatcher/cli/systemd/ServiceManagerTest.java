package dispatcher.cli.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.cli.serve.Server;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ServiceManagerTest {
    private static final long PID = 42;

    @TempDir
    private Path directory;

    private ServiceManager manager(String... more) {
        var environment = new HashMap<>(Map.of("NOTIFY_SOCKET", socket()));
        for (var each : more) environment.put(each.split("=", 2)[0], each.split("=", 2)[1]);
        return ServiceManager.of(environment, PID);
    }

    private String socket() {
        return directory.resolve("notify").toString();
    }

    @Test
    void itHearsWhatHappens() throws Exception {
        try (var systemd = FakeServiceManager.listen(socket())) {
            var manager = manager();
            manager.ready("3 machines");
            manager.status("one line\nnot two");
            manager.stopping("5 builds run");

            assertThat(systemd.next()).isEqualTo("READY=1|STATUS=3 machines");
            assertThat(systemd.next()).startsWith("STATUS=one line").doesNotContain("|");
            assertThat(systemd.next()).isEqualTo("STOPPING=1|STATUS=5 builds run");
        }
    }

    @Test
    void aNameThatIsNoFileWorksToo() throws Exception {
        var name = "@dispatcher-test-" + ProcessHandle.current().pid();
        try (var systemd = FakeServiceManager.listen(name)) {
            ServiceManager.of(Map.of("NOTIFY_SOCKET", name), PID).status("here");

            assertThat(systemd.next()).isEqualTo("STATUS=here");
        }
    }

    @Test
    void withoutAManagerNothingHappens() {
        var manager = ServiceManager.of(Map.of(), PID);
        manager.ready("");
        manager.watch(() -> {
            throw new AssertionError("nobody wants to know");
        });
        manager.stopping("");
    }

    @Test
    void aManagerThatHasGoneDoesNoHarm() {
        manager("WATCHDOG_USEC=1000").ready("");
        ServiceManager.of(Map.of("NOTIFY_SOCKET", "relative"), PID).ready("");
        ServiceManager.of(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(200)), PID).ready("");
        assertThatThrownBy(() -> NotifySocket.at(socket()).send("READY=1"))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot send to %s: No such file or directory".formatted(socket()));
    }

    @Test
    void itHearsAgainAndAgainThatTheProgramIsAlive() throws Exception {
        try (var systemd = FakeServiceManager.listen(socket());
                var manager = manager("WATCHDOG_USEC=3000", "WATCHDOG_PID=42")) {
            manager.watch(() -> {});

            assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
            assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
        }
    }

    @Test
    void aWatchdogOfAnotherProcessIsNotOurs() throws Exception {
        try (var systemd = FakeServiceManager.listen(socket())) {
            var manager = manager("WATCHDOG_USEC=3000", "WATCHDOG_PID=43");
            manager.watch(() -> {
                throw new AssertionError("not ours");
            });
            manager.status("last");

            assertThat(systemd.next()).isEqualTo("STATUS=last");
        }
    }

    @Test
    void aStuckCheckDoesNotPing() throws Exception {
        var stuck = new CountDownLatch(1);
        var free = new Semaphore(0);
        try (var systemd = FakeServiceManager.listen(socket());
                var manager = manager("WATCHDOG_USEC=3000")) {
            manager.watch(() -> {
                stuck.countDown();
                free.acquire();
            });
            stuck.await();
            manager.status("while it is stuck");
            assertThat(systemd.next()).isEqualTo("STATUS=while it is stuck");
            assertThat(systemd.isEmpty()).isTrue();

            free.release();
            assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
        }
    }

    @Test
    void aFailedCheckDoesNotPing() throws Exception {
        try (var systemd = FakeServiceManager.listen(socket())) {
            var manager = manager();
            manager.ping(() -> {
                throw new IOException("the control socket does not answer");
            });
            manager.ping(() -> {});

            assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
            assertThat(systemd.isEmpty()).isTrue();
        }
    }

    @Test
    void clientsCanComeInWhenItHearsSo() throws Exception {
        var config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                hostStore: off
                machines: [{hostName: a, system: x86_64-linux}]
                """);
        try (var systemd = FakeServiceManager.listen(socket());
                var server = new Server(SettingsFile.load(config, Surroundings.ofProcess()), "test")) {
            var manager = manager();
            assertThat(systemd.isEmpty()).isTrue();
            server.report(manager);

            assertThat(systemd.next()).isEqualTo("READY=1|STATUS=1 machine");
            UnixSocketChannel.connect(directory.resolve("d.sock")).close();
            manager.ping(server::checkAlive);
            assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
        }
    }
}
