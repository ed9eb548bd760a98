package dispatcher.machine.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With the real /bin/sh.
class CommandProviderTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final MachineAddress ADDRESS =
            new MachineAddress("builder", 2222, "nix", Optional.empty(), Optional.empty());

    private final List<String> output = new CopyOnWriteArrayList<>();

    @TempDir
    private Path directory;

    private MachineProvider starting(String command) {
        return new CommandProvider(
                "arm",
                new OnDemand.Commands(command, Optional.empty(), Optional.empty(), Optional.empty()),
                output::add);
    }

    private static MachineProvider addressed(String command) {
        return new CommandProvider(
                "arm",
                new OnDemand.Commands("true", Optional.empty(), Optional.empty(), Optional.of(command)),
                _ -> {});
    }

    private static Optional<Boolean> status(String command) throws Exception {
        return new CommandProvider(
                        "arm",
                        new OnDemand.Commands("true", Optional.empty(), Optional.of(command), Optional.empty()),
                        _ -> {})
                .isRunning();
    }

    private long pid(String file) throws IOException {
        var path = directory.resolve(file);
        Await.until(file + " is written", () -> Files.exists(path));
        return Long.parseLong(Files.readString(path).strip());
    }

    /// A command that prints the process id of its child, for which it waits.
    private String withChild() {
        return "sleep 1000 & echo $! > %1$s/new; mv %1$s/new %1$s/child; wait".formatted(directory);
    }

    private static void awaitDeath(long pid) {
        Await.until(
                "it is dead",
                () -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
    }

    @Test
    void aCommandKnowsItsMachine() throws Exception {
        starting("echo \"$DISPATCHER_MACHINE starts\"; cat").start(LONG);
        assertThat(output).containsExactly("arm starts");
    }

    @Test
    void aFailureSaysTheCommandTheStatusAndTheLastLines() {
        assertThatThrownBy(() ->
                        starting("echo one; printf 'a\\033[2Jb\\n' >&2; exit 7").start(LONG))
                .isInstanceOf(IOException.class)
                .hasMessage("the start command 'echo one; printf 'a\\033[2Jb\\n' >&2; exit 7' of arm ended with exit"
                        + " status 7; it printed: one; a\\x1b[2Jb");
    }

    @Test
    void ofALongOutputTheLastLinesAreKeptAndLongLinesComeInPieces() {
        var command = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done;"
                + " head -c 100000 /dev/zero | tr '\\0' x; echo; echo end; exit 1";
        assertThatThrownBy(() -> starting(command).start(LONG))
                .satisfies(error -> assertThat(error.getMessage())
                        .endsWith("; end")
                        .doesNotContain("line 2999")
                        .hasSizeLessThan(ShellCommand.LAST_LINES * (ShellCommand.LONGEST_LINE + 2) + 1000));
        assertThat(output).allMatch(line -> line.length() <= ShellCommand.LONGEST_LINE);
    }

    @Test
    void aCommandThatTakesTooLongIsKilledWithItsChildren() throws Exception {
        var start = Await.start(() -> {
            starting("echo begun; " + withChild()).start(Duration.ofSeconds(1));
            return "";
        });
        long child = pid("child");
        assertThatThrownBy(() -> Await.result(start))
                .rootCause()
                .hasMessageEndingWith("did not end within 1 s and was killed; it printed: begun");
        awaitDeath(child);
    }

    @Test
    void aCommandThatIsInterruptedIsKilledWithItsChildren() throws Exception {
        var ended = new CopyOnWriteArrayList<Exception>();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                starting(withChild()).start(LONG);
            } catch (IOException | InterruptedException e) {
                ended.add(e);
            }
        });
        long child = pid("child");
        thread.interrupt();
        Await.end(thread);
        assertThat(ended).singleElement().isInstanceOf(InterruptedException.class);
        awaitDeath(child);
    }

    @Test
    void whatACommandLeavesRunningHoldsNothingUp() throws Exception {
        starting("sleep 1000 & echo $! > %s/child".formatted(directory)).start(LONG);
        var child = ProcessHandle.of(pid("child")).orElseThrow();
        assertThat(child.isAlive()).isTrue();
        child.destroyForcibly();
    }

    @Test
    void withoutAStopCommandTheMachineStopsByItself() throws Exception {
        starting("false").stop(LONG);
        assertThat(output).isEmpty();
    }

    @Test
    void theStatusIsTheExitStatus() throws Exception {
        assertThat(starting("true").isRunning()).isEmpty();
        assertThat(status("exit 0")).contains(true);
        assertThat(status("exit 3")).contains(false);
        assertThatThrownBy(() -> status("/nonexistent/virsh"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("status command '/nonexistent/virsh' of arm ended with exit status 127");
    }

    @Test
    void theAddressIsTheLastLine() throws Exception {
        assertThat(starting("true").address(ADDRESS)).isEqualTo(ADDRESS);
        assertThat(addressed("echo looking; echo 10.0.0.9").address(ADDRESS)).hasToString("nix@10.0.0.9:2222");
        assertThat(addressed("echo vm:2200").address(ADDRESS)).hasToString("nix@vm:2200");
        assertThat(addressed("echo '[fd00::1]:22'").address(ADDRESS)).hasToString("nix@[fd00::1]");
    }

    @Test
    void anAddressThatIsNoneIsTold() {
        for (var text : List.of("", "a b", "fd00::1", "vm:0", "vm:70000"))
            assertThatThrownBy(() -> addressed("echo '%s'".formatted(text)).address(ADDRESS))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("the address command ");
    }

    @Test
    void aUnitIsOneWordForTheShell() {
        var commands = SystemdProvider.commands("it's; rm -rf");
        assertThat(commands.start()).isEqualTo("systemctl start -- 'it'\\''s; rm -rf'");
        assertThat(commands.stop()).contains("systemctl stop -- 'it'\\''s; rm -rf'");
        assertThat(commands.status()).contains("systemctl is-active --quiet -- 'it'\\''s; rm -rf'");
    }
}
