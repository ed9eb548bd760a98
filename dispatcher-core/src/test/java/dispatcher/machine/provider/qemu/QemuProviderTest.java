package dispatcher.machine.provider.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.testkit.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With a program in place of QEMU that goes into the background as QEMU does, and this test in place of its monitor.
class QemuProviderTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final MachineAddress ADDRESS =
            new MachineAddress("builder", 22, "nix", Optional.empty(), Optional.empty());

    private static final String QEMU = """
            #!/bin/sh
            here=$(dirname "$0")
            echo start >>"$here/starts"
            if [ -e "$here/refuses" ]; then cat "$here/refuses" >&2; exit 1; fi
            /bin/sh -c 'while :; do sleep 1; done' "$@" </dev/null >/dev/null 2>&1 &
            child=$!
            while [ $# -gt 0 ]; do
                [ "$1" != -pidfile ] || echo $child >"$2"
                case $1 in file,id=console,path=*) echo booting >"${1#file,id=console,path=}" ;; esac
                shift
            done
            """;

    private static final String ANSWER = "{\"return\": {}}\r\n";

    private final List<String> output = new CopyOnWriteArrayList<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    @TempDir
    private Path directory;

    private Path state;

    @BeforeEach
    void install() throws IOException {
        state = directory.resolve("m");
        var program = Files.writeString(directory.resolve("qemu-system-x86_64"), QEMU);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void end() throws IOException {
        new QemuFolder(state).process().ifPresent(ProcessHandle::destroyForcibly);
    }

    private QemuProvider provider(String program, Optional<Integer> port) {
        return new QemuProvider(
                "vm",
                new OnDemand.Qemu(
                        program,
                        Optional.empty(),
                        Optional.of(Path.of("/boot/vmlinuz")),
                        Optional.empty(),
                        Optional.empty(),
                        1,
                        512,
                        Optional.empty(),
                        false,
                        port,
                        OnDemand.Accelerator.TCG,
                        List.of()),
                state,
                output::add);
    }

    private QemuProvider provider() {
        return provider(directory.resolve("qemu-system-x86_64").toString(), Optional.of(31022));
    }

    /// Answers as QEMU does, and ends it at one of the commands.
    private Thread monitor(String last) throws IOException {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(state.resolve("qmp.sock")));
        return Thread.ofVirtual().start(() -> {
            try (server;
                    var channel = server.accept();
                    var lines = new BufferedReader(
                            new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8))) {
                channel.write(bytes("{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"));
                for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                    asked.add(line);
                    channel.write(bytes("{\"timestamp\": {\"seconds\": 1}, \"event\": \"RTC_CHANGE\"}\r\n" + ANSWER));
                    if (line.contains(last)) new QemuFolder(state).process().ifPresent(ProcessHandle::destroyForcibly);
                }
            } catch (IOException e) {
                // The other end has what it wanted.
            }
        });
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void runsFromItsStartOnAndIsFoundByTheNextDispatcher() throws Exception {
        assertThat(provider().isRunning()).contains(false);
        provider().start(LONG);
        assertThat(provider().isRunning()).contains(true);
        assertThat(provider().ended()).isEmpty();
        assertThat(provider().address(ADDRESS)).hasToString("nix@127.0.0.1:31022");
        assertThat(provider().tail(5)).containsExactly("booting");

        provider().start(LONG);
        assertThat(Files.readAllLines(directory.resolve("starts"))).hasSize(1);
    }

    @Test
    void aNumberThatIsAnotherProcessNowIsNotTakenForIt() throws Exception {
        Files.createDirectories(state);
        Files.writeString(state.resolve("pid"), ProcessHandle.current().pid() + "\n");
        assertThat(provider().isRunning()).contains(false);
        provider().stop(LONG);
        assertThat(provider().ended()).contains("its QEMU has ended");
    }

    @Test
    void isAskedToPowerDown() throws Exception {
        provider().start(LONG);
        var monitor = monitor("system_powerdown");
        provider().stop(LONG);
        assertThat(provider().isRunning()).contains(false);
        Await.end(monitor);
        assertThat(asked).containsExactly("{\"execute\":\"qmp_capabilities\"}", "{\"execute\":\"system_powerdown\"}");
    }

    @Test
    void oneThatDoesNotPowerDownIsEnded() throws Exception {
        provider().start(LONG);
        var monitor = monitor("quit");
        provider().stop(Duration.ofSeconds(2));
        assertThat(provider().isRunning()).contains(false);
        Await.end(monitor);
        assertThat(output).contains("does not power down by itself; QEMU is told to end");
    }

    @Test
    @Tag("slow")
    void oneThatTakesNoCommandsIsKilled() throws Exception {
        provider().start(LONG);
        Files.deleteIfExists(state.resolve("qmp.sock"));
        var stopping = Await.start(() -> {
            provider().stop(LONG);
            return "stopped";
        });
        assertThat(Await.result(stopping)).isEqualTo("stopped");
        assertThat(provider().isRunning()).contains(false);
    }

    @Test
    void whatQemuRefusesIsSaidInItsWordsWithWhatToDo() throws Exception {
        var words = "qemu-system-x86_64: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.1:31022-:22'";
        Files.writeString(directory.resolve("refuses"), words + "\n");
        assertThatThrownBy(() -> provider().start(LONG))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("for vm ended with exit status 1; it printed: " + words)
                .hasMessageEndingWith("set another onDemand.qemu.port, or none");
        assertThat(output).containsExactly(words);
    }

    @Test
    void aProgramThatIsNotThereIsNamed() {
        var missing = provider(directory.resolve("none").toString(), Optional.empty());
        assertThatThrownBy(() -> missing.start(LONG))
                .hasMessageContaining("exit status 127")
                .hasMessageEndingWith(
                        "install QEMU on the dispatcher's host, or say where it is with onDemand.qemu.program"
                                + " and $PATH");
    }

    @Test
    void withoutAPortAFreeOneIsTakenAndKept() throws Exception {
        var free = provider(directory.resolve("qemu-system-x86_64").toString(), Optional.empty());
        free.start(LONG);
        var port = free.address(ADDRESS).port();
        assertThat(provider().address(ADDRESS).port()).isEqualTo(port);
    }

    @Test
    void aFolderThatIsTooDeepForASocketIsNamed() {
        state = directory.resolve("x".repeat(120));
        assertThatThrownBy(() -> provider().start(LONG)).hasMessageContaining("is too long for a socket");
    }
}
