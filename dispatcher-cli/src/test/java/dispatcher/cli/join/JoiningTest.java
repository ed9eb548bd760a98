package dispatcher.cli.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.ondemand.MachineCommand;
import dispatcher.cli.reload.Reloader;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Machine;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// `dispatcher machine add` and `remove`, with the API between them and settings that are read again.
class JoiningTest {
    @TempDir
    private Path directory;

    private final AtomicReference<Settings> running = new AtomicReference<>();
    private final AtomicReference<Reloader> reloader = new AtomicReference<>();
    private Optional<ApiServer> server = Optional.empty();
    private final StringWriter out = new StringWriter();
    private Optional<Exception> failure = Optional.empty();
    private Path config = Path.of("");

    @BeforeEach
    void start() throws IOException {
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines: [{hostName: a, system: x86_64-linux}]
                """);
        Files.createDirectories(directory.resolve("state"));
        running.set(SettingsFile.load(config, Surroundings.ofProcess()));
        var joining = new Joining(this::settings, this::reloader);
        reloader.set(new Reloader(
                settings(),
                before -> SettingsFile.again(before, Surroundings.ofProcess(), joining.machines()),
                change -> running.set(change.settings())));
        server = Optional.of(ApiServer.open(settings().controlSocket(), joining.endpoints()));
    }

    @AfterEach
    void stop() {
        server.ifPresent(ApiServer::close);
    }

    private Settings settings() {
        return running.get();
    }

    private Reloader reloader() {
        return reloader.get();
    }

    private List<String> names() {
        return settings().machines().stream().map(Machine::name).toList();
    }

    private Path file(String name) {
        return directory.resolve("machines.d").resolve(name);
    }

    private int run(String... words) {
        out.getBuffer().setLength(0);
        failure = Optional.empty();
        var line = new CommandLine(new MachineCommand()).setOut(new PrintWriter(out));
        line.setExecutionExceptionHandler((e, _, _) -> {
            failure = Optional.of(e);
            return 1;
        });
        var all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--config", config.toString()));
        return line.execute(all.toArray(String[]::new));
    }

    private UserFacingException error() {
        return (UserFacingException) failure.orElseThrow();
    }

    @Test
    void aMachineIsAddedAndRemovedWithoutAFile() {
        assertThat(run("add", "nix@10.0.0.9:2222", "--name", "b")).isZero();

        assertThat(out.toString())
                .contains("machine b added: nix@10.0.0.9:2222", "until the dispatcher is started again");
        var machine = settings().machines().getLast();
        assertThat(machine.name()).isEqualTo("b");
        assertThat(machine.address().port()).isEqualTo(2222);
        assertThat(machine.address().user()).isEqualTo("nix");
        assertThat(machine.protocol().scheme()).isEqualTo("ssh-ng");
        assertThat(machine.isDescribed()).isFalse();
        assertThat(file("b.yaml")).doesNotExist();

        reloader().reload("test");
        assertThat(names()).containsExactly("a", "b");

        assertThat(run("remove", "b")).isZero();
        assertThat(names()).containsExactly("a");
        assertThat(out.toString()).contains("machine b removed; what runs there comes to its end");
    }

    @Test
    void aMachineThatPersistsHasAFile() throws IOException {
        assertThat(run("add", "ssh://b", "--persist", "--systems", "x86_64-linux,i686-linux", "--max-jobs", "3"))
                .isZero();

        assertThat(Files.readString(file("b.yaml")))
                .contains(
                        "hostName: \"b\"",
                        "protocol: \"ssh\"",
                        "systems: [\"x86_64-linux\",\"i686-linux\"]",
                        "maxJobs: 3");
        assertThat(settings().machines().getLast().systems()).containsExactly("i686-linux", "x86_64-linux");
        assertThat(SettingsFile.load(config, Surroundings.ofProcess()).machines())
                .hasSize(2);

        assertThat(run("remove", "b")).isZero();
        assertThat(file("b.yaml")).doesNotExist();
        assertThat(names()).containsExactly("a");
    }

    @Test
    void whatCannotBePutInForceIsUndone() {
        assertThat(run("add", "b", "--persist", "--host-key", "no key")).isEqualTo(1);
        assertThat(error().what()).isEqualTo("cannot add b");
        assertThat(error().why()).contains("b.yaml:", "publicHostKey");
        assertThat(file("b.yaml")).doesNotExist();

        assertThat(run("add", "b", "--host-key", "no key")).isEqualTo(1);
        assertThat(error().why()).contains("dispatcher machine add b:", "publicHostKey");
        assertThat(names()).containsExactly("a");
        assertThat(run("add", "b")).isZero();
    }

    @Test
    void namesAreNotTakenTwice() {
        assertThat(run("add", "10.0.0.9", "--name", "a")).isEqualTo(1);
        assertThat(error().why()).isEqualTo("there is a machine of that name");
        assertThat(run("add", "10.0.0.9", "--persist", "--name", "../x")).isEqualTo(1);
        assertThat(error().next()).isEqualTo("choose one with --name");
        assertThat(names()).containsExactly("a");
    }

    @Test
    void aMachineOfTheSettingsIsRemovedThere() throws IOException {
        assertThat(run("remove", "a")).isEqualTo(1);
        assertThat(error().why()).contains(config.toString());
        assertThat(run("remove", "aa")).isEqualTo(1);
        assertThat(error().what()).isEqualTo("there is no machine aa");

        Files.createDirectories(file("x").getParent());
        Files.writeString(file("two.yaml"), "- hostName: b\n- hostName: c\n");
        reloader().reload("test");
        assertThat(names()).containsExactly("a", "b", "c");
        assertThat(run("remove", "b")).isEqualTo(1);
        assertThat(error().why()).contains("a file with other machines");
        assertThat(file("two.yaml")).exists();
    }

    @Test
    void commandsOfThisHostAreNotAdded() {
        assertThat(catchThrowableOfType(
                                UserFacingException.class,
                                () -> Entry.of(Map.of("hostName", "b", "onDemand", Map.of())))
                        .why())
                .contains("`onDemand`");
    }

    @Test
    void withoutADispatcherAFileIsWritten() throws IOException {
        server.ifPresent(ApiServer::close);
        server = Optional.empty();

        assertThat(run("add", "b")).isEqualTo(1);
        assertThat(error().what()).contains("no dispatcher runs");
        assertThat(run("add", "b", "--persist")).isZero();
        assertThat(out.toString()).contains("written: " + file("b.yaml"), "dispatcher serve");
        assertThat(SettingsFile.load(config, Surroundings.ofProcess()).machines())
                .hasSize(2);
        assertThat(run("add", "b", "--persist")).isEqualTo(1);
        assertThat(error().why()).contains("is there already");
    }
}
