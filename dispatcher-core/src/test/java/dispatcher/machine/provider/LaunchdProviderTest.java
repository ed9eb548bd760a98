package dispatcher.machine.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.OnDemand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With a program in place of `launchctl` that keeps in files which service is loaded and runs, and has the exit
/// statuses and the words of the real one.
class LaunchdProviderTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String LABEL = "org.nixos.linux-builder";

    private static final String LAUNCHCTL = """
            #!/bin/sh
            cd "$(dirname "$0")" || exit
            echo "$*" >>calls
            if [ "$1" != print ] && [ -e forbidden ]; then
                echo "Not privileged to manage the system domain." >&2
                exit 1
            fi
            case $1 in
            print)
                if [ ! -e loaded ]; then
                    printf 'Bad request.\nCould not find service "%s" in domain for system\n' "${2#system/}" >&2
                    exit 113
                fi
                state='not running'; [ ! -e running ] || state=running
                printf '%s = {\n\tactive count = 1\n\tpath = %s\n\ttype = LaunchDaemon\n\tstate = %s\n' \
                    "$2" "$(cat loaded)" "$state"
                printf '\n\tprogram = /bin/sh\n\tendpoints = {\n\t\tstate = active\n\t}\n}\n'
                ;;
            bootstrap)
                [ -e "$3" ] || { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }
                echo "$3" >loaded
                ;;
            kickstart) : >running ;;
            bootout)
                [ -e loaded ] || { echo "Boot-out failed: 3: No such process" >&2; exit 3; }
                rm -f loaded running
                ;;
            *) exit 64 ;;
            esac
            """;

    private final List<String> output = new CopyOnWriteArrayList<>();

    @TempDir
    private Path directory;

    private MachineProvider provider;

    @BeforeEach
    void install() throws IOException {
        var program = Files.writeString(directory.resolve("launchctl"), LAUNCHCTL);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(directory.resolve("a b.plist"), "<plist/>");
        provider = provider(program.toString(), directory.resolve("a b.plist"));
    }

    private MachineProvider provider(String launchctl, Path plist) {
        var service = new OnDemand.Launchd(
                LABEL, OnDemand.Launchd.SYSTEM, plist, Optional.of(directory.resolve("builder.log")));
        return new LaunchdProvider("linux-builder", service, ShellCommand.quoted(launchctl), output::add);
    }

    private List<String> calls() throws IOException {
        return Files.readAllLines(directory.resolve("calls"));
    }

    @Test
    void aServiceThatIsNotKnownIsLoadedAndStarted() throws Exception {
        assertThat(provider.isRunning()).contains(false);
        provider.start(LONG);
        assertThat(provider.isRunning()).contains(true);
        assertThat(calls())
                .containsSubsequence("bootstrap system " + directory.resolve("a b.plist"), "kickstart system/" + LABEL);
    }

    @Test
    void aServiceThatIsLoadedAndDoesNotRunIsStartedAsItIs() throws Exception {
        Files.writeString(directory.resolve("loaded"), "before");
        assertThat(provider.isRunning()).contains(false);
        provider.start(LONG);
        assertThat(provider.isRunning()).contains(true);
        assertThat(calls()).noneMatch(call -> call.startsWith("bootstrap"));
    }

    @Test
    void isUnloadedToStopIt() throws Exception {
        provider.start(LONG);
        provider.stop(LONG);
        assertThat(provider.isRunning()).contains(false);
        assertThat(directory.resolve("loaded")).doesNotExist();
        provider.stop(LONG);
    }

    @Test
    void whatLaunchdRefusesIsSaidInItsWordsWithWhatToDo() throws Exception {
        Files.writeString(directory.resolve("loaded"), "before");
        Files.createFile(directory.resolve("forbidden"));
        for (var attempt : List.<Attempt>of(provider::start, provider::stop))
            assertThatThrownBy(() -> attempt.within(LONG))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(
                            "of linux-builder ended with exit status 1; it printed: Not privileged to manage the system domain.")
                    .hasMessageEndingWith("let the dispatcher run as root, or use `command` with sudo");
    }

    private interface Attempt {
        void within(Duration limit) throws IOException, InterruptedException;
    }

    @Test
    void aPlistThatIsMissingIsSaid() {
        var program = directory.resolve("launchctl").toString();
        assertThatThrownBy(
                        () -> provider(program, directory.resolve("none.plist")).start(LONG))
                .hasMessageContaining("exit status 5")
                .hasMessageContaining("Bootstrap failed: 5: Input/output error");
    }

    @Test
    void aHostWithoutLaunchdIsNamed() {
        var missing = provider(directory.resolve("none").toString(), directory.resolve("a b.plist"));
        assertThatThrownBy(missing::isRunning).hasMessageContaining("ended with exit status 127");
    }

    @Test
    void whatTheServicePrintedIsTheEndOfItsLog() throws Exception {
        assertThat(provider.tail(2)).isEmpty();
        Files.writeString(directory.resolve("builder.log"), "one\ntwo\n\nthree\u001b[2J\n");
        assertThat(provider.tail(2)).containsExactly("two", "three\\x1b[2J");
    }
}
