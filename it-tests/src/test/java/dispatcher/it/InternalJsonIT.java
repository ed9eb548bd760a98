package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What programs read of a build (`--log-format internal-json`), such as nix-output-monitor: through a dispatcher, and
/// through Nix's own remote builder on the same machine.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InternalJsonIT {
    private Fleet fleet;
    private NixClient client;
    private DispatcherProcess dispatcher;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(1).jobs(1).start();
        client = NixClient.beside(fleet).start();
        dispatcher = DispatcherProcess.start(
                fleet,
                DispatcherSettings.of(fleet)
                        .set("timeouts", "{checkBeforeBuild: 30s}")
                        .write("internal-json"));
    }

    @AfterAll
    void stop() throws IOException {
        if (dispatcher != null) dispatcher.close();
        if (fleet != null) fleet.close();
    }

    /// A build with an input that the client makes, phases and a log.
    private NomRules.Stream build(String builders, String keptAs) throws Exception {
        String salt = NixClient.newSalt();
        Result result = client.command("nix-build", "--no-out-link", "--max-jobs", 0, "--builders", builders)
                .with("--log-format", "internal-json", "--expr", """
                        (import %s).sh {
                          name = "watched";
                          input = builtins.toFile "input" "%s\\n";
                          script = ''
                            printf '@nix { "action": "setPhase", "phase": "buildPhase" }\\n' >&''${NIX_LOG_FD:-2}
                            read line < $input
                            echo "has read $line"
                            echo %s > $out
                          '';
                        }""".formatted(Checkout.graph("lib"), salt, salt))
                .run()
                .orFail();
        List<String> lines = result.err().lines().toList();
        Files.write(fleet.folder().resolveSibling(keptAs), lines);
        assertThat(lines).anyMatch(line -> line.contains("has read " + salt));
        return NomRules.read(lines);
    }

    /// Types, numbers of fields and texts, whatever the paths and machines are.
    private static Set<String> shapes(NomRules.Stream stream) {
        Set<String> shapes = new TreeSet<>();
        for (NomRules.Activity activity : stream.activities())
            shapes.add("%d %d %s".formatted(activity.type(), activity.fields().size(), withoutNames(activity.text())));
        for (NomRules.Result result : stream.results())
            shapes.add("%d: %d %d"
                    .formatted(
                            result.activity().type(),
                            result.type(),
                            result.fields().size()));
        return shapes;
    }

    private static String withoutNames(String text) {
        return text.replaceAll("/nix/store/[^']*", "PATH").replaceAll("'(?:ssh-ng://[^']*|builder-\\d+)'", "'MACHINE'");
    }

    @Test
    void activitiesAreThoseOfNixItselfWithTheRealMachine() throws Exception {
        NomRules.Stream through = build(dispatcher.builders(), "internal-json.dispatcher");
        NomRules.Stream direct = build(client.builders(), "internal-json.nix");
        String machine = fleet.machine(0).name();

        // How far a copy is: Nix says it where it copies path by path, and not to a builder.
        Set<String> ours = shapes(through);
        ours.remove("100: 105 4");
        Set<String> nixs = shapes(direct);
        assertThat(ours).isSubsetOf(nixs);
        // The machine's own Nix does not know what it is called.
        nixs.remove("105 4 building 'PATH'");
        assertThat(ours).containsAll(nixs);

        assertThat(through.activities())
                .as("that the build goes on there")
                .filteredOn(activity -> activity.type() == 105)
                .last()
                .satisfies(activity -> {
                    assertThat(activity.text()).endsWith("watched.drv' on '%s'".formatted(machine));
                    assertThat(activity.fields().get(1)).isEqualTo(machine);
                    assertThat(activity.fields().subList(2, 4)).containsExactly("1", "1");
                });
        assertThat(through.activities())
                .as("that its input goes there")
                .filteredOn(activity -> activity.type() == 100)
                .anySatisfy(activity -> {
                    assertThat(activity.text()).endsWith("-input' to '%s'".formatted(machine));
                    assertThat(activity.fields().subList(1, 3)).containsExactly("local", machine);
                });
        assertThat(through.results())
                .filteredOn(result -> result.activity().fields().contains(machine))
                .filteredOn(result -> result.activity().type() == 105)
                .extracting(NomRules.Result::type)
                .containsExactly(104, 101);
    }
}
