package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Nix that has `dispatcher external-builder` build for a system that it cannot build for itself, and has no
/// `builders`.
@NeedsNewestNix
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExternalBuilderIT {
    /// Machines take it for their own.
    private static final String SYSTEM = "foreign-linux";

    @TempDir
    private static Path folder;

    private Fleet fleet;
    private NixClient client;
    private Path settings;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        Path conf = Files.writeString(folder.resolve("nix.conf"), "extra-platforms = %s\n".formatted(SYSTEM));
        fleet = Fleet.of(2).option("--extra-nix-conf", conf.toString()).start();
        client = NixClient.beside(fleet)
                .nix(NewestNix.tree())
                .daemon()
                .setting("extra-experimental-features = external-builders ca-derivations")
                .setting(
                        "external-builders = [{\"systems\": [\"%s\"], \"program\": \"%s\", \"args\": [\"external-builder\", \"--socket\", \"%s\"]}]"
                                .formatted(SYSTEM, program(), fleet.socket()))
                .start();
        settings = DispatcherSettings.of(fleet)
                .set("hostStore", client.daemonSocket())
                .changeMachines("x86_64-linux", SYSTEM)
                .write("external");
        dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
    }

    @AfterAll
    void stop() throws IOException {
        try (var _ = fleet) {
            if (dispatcher != null) {
                dispatcher.close();
            }
        }
    }

    /// The client has another /usr, without this Java.
    private Path program() throws Exception {
        Path java = fleet.folder().resolve("jdk");
        Command.of("cp", "-a", System.getProperty("java.home"), java).run().orFail();
        Path program = Files.writeString(
                fleet.folder().resolve("program"),
                "#!/bin/sh\nJAVA_HOME=%s exec %s \"$@\"\n".formatted(java, Checkout.dispatcher()));
        return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Command graph(String name, String... arguments) {
        return options(client.buildCommand(name, arguments));
    }

    private Command expression(String text) {
        return options(client.command("nix-build", "--no-out-link").with("--expr", text));
    }

    /// Expressions are for the foreign system; what builds is as it was.
    private static Command options(Command command) {
        return command.with("--builders", "", "--max-jobs", 2, "--option", "eval-system", SYSTEM);
    }

    private List<String> build(Command command) throws Exception {
        Result result = command.run();
        assertThat(result.exit()).as("%s%n%s", result, dispatcher.log()).isZero();
        return result.lines();
    }

    private boolean isOnAMachine(String path) {
        return fleet.machines().stream().anyMatch(machine -> machine.holds(path));
    }

    private void requireIntact(String path) throws Exception {
        client.run("nix-store", "--verify-path", path).orFail();
    }

    @Test
    void chainIsBuiltOnMachinesAndIsHereAsIfBuiltHere() throws Exception {
        String path = build(graph("chain")).getLast();

        assertThat(isOnAMachine(path)).isTrue();
        List<String> closure = client.run("nix-store", "--query", "--requisites", path)
                .orFail()
                .lines();
        assertThat(closure).hasSize(10);
        for (String each : closure) requireIntact(each);
    }

    @Test
    void severalOutputsThatReferToEachOther() throws Exception {
        String salt = NixClient.newSalt();
        List<String> paths = build(graph("multi-output", "salt", salt));

        Path dev = client.outside(paths.get(1));
        assertThat(client.outside(paths.getFirst())).hasContent(salt + "\n");
        assertThat(dev.resolve("bin/tool")).isExecutable();
        assertThat(Files.readSymbolicLink(dev.resolve("link"))).isEqualTo(Path.of(paths.getFirst()));
        assertThat(client.run("nix-store", "--query", "--references", paths.get(1))
                        .orFail()
                        .lines())
                .contains(paths.getFirst());
    }

    @Test
    void namesThatAreNoTextInAnyEncoding() throws Exception {
        String path = build(expression("""
                        derivation {
                          name = "names"; system = builtins.currentSystem; builder = "/bin/sh";
                          args = [ "-ec" "mkdir $out; echo %s > $out/$(printf 'f\\\\366\\\\303\\\\266')" ];
                        }""".formatted(NixClient.newSalt()))).getLast();

        assertThat(client.run("sh", "-c", "ls %s | od -An -tx1".formatted(path))
                        .orFail()
                        .out()
                        .strip())
                .isEqualTo("66 f6 c3 b6 0a");
        requireIntact(path);
    }

    @Test
    void structuredAttributes() throws Exception {
        String salt = NixClient.newSalt();
        String path = build(graph("structured-attrs", "salt", salt)).getLast();

        assertThat(client.outside(path))
                .content()
                .contains("\"numbers\":[1,2,3]")
                .contains(salt);
    }

    @Test
    void variablesThatArePassedAsFiles() throws Exception {
        String path = build(expression("""
                        derivation {
                          name = "files"; system = builtins.currentSystem; builder = "/bin/sh";
                          text = "text %s"; passAsFile = [ "text" ];
                          args = [ "-ec" "test -z \\"$text\\"; cat $textPath > $out; pwd >> $out; echo $TMPDIR >> $out" ];
                        }""".formatted(NixClient.newSalt()))).getLast();

        assertThat(client.outside(path)).content().startsWith("text ").endsWith("/build\n/build\n");
    }

    @Test
    void fixedOutputs() throws Exception {
        String salt = NixClient.newSalt();
        List<String> paths = build(graph("fixed-output", "salt", salt));

        assertThat(client.outside(paths.getFirst())).hasContent(salt);
        assertThat(client.outside(paths.get(1)).resolve("folder/file")).hasContent("text\n");
    }

    /// Their paths follow from what was built: Nix moves them there from where the dispatcher has put them.
    @Test
    void floatingOutputs() throws Exception {
        String salt = NixClient.newSalt();
        String path = build(graph("floating-ca", "salt", salt)).getLast();

        List<String> lines = Files.readAllLines(client.outside(path));
        assertThat(lines.getFirst()).isEqualTo(salt);
        assertThat(client.outside(lines.getLast())).hasContent(salt + "\n");
        requireIntact(path);
    }

    /// What is checked is built for another path than that where it is.
    @Test
    void outputIsBuiltOnceMoreToBeChecked() throws Exception {
        String salt = NixClient.newSalt();
        build(graph("multi-output", "salt", salt));

        Result result = graph("multi-output", "salt", salt).with("--check").run();

        assertThat(result.exit()).as("%s%n%s", result, dispatcher.log()).isZero();
    }

    @Test
    void failedBuildFailsWithItsLog() throws Exception {
        Result result = expression("""
                        derivation {
                          name = "failing"; system = builtins.currentSystem; builder = "/bin/sh";
                          args = [ "-ec" "echo the reason %s; exit 3" ];
                        }""".formatted(NixClient.newSalt())).run();

        assertThat(result.exit()).isNotZero();
        assertThat(result.err()).contains("the reason ").doesNotContain("no fault of the build");
    }

    @Test
    void dispatcherThatIsNotThereIsNoFaultOfTheBuild() throws Exception {
        dispatcher.close();
        try {
            Result result = graph("one").run();

            assertThat(result.exit()).isNotZero();
            assertThat(result.err()).contains("cannot connect to the dispatcher at ", "no fault of the build");
        } finally {
            dispatcher = DispatcherProcess.start(settings, fleet.socket(), "");
        }
    }
}
