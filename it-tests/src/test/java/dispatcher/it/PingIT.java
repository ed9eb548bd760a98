package dispatcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `dispatcher ping` at real machines, well and ill.
@NeedsNamespaces
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PingIT {

    private static final Pattern HOST_KEY = Pattern.compile("(?<=publicHostKey: )\\S+");
    private static final int ILL = 1;
    private static final int USAGE = 2;

    private Fleet fleet;

    @BeforeAll
    void start() throws Exception {
        fleet = Fleet.of(3).start();
    }

    @AfterAll
    void stop() throws IOException {
        fleet.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ssh-ng", "ssh"})
    void everyMachineIsShownWithItsNix(String protocol) throws Exception {
        Path settings = DispatcherSettings.of(fleet)
                .changeMachines("protocol: ssh-ng", "protocol: " + protocol)
                .write("ping-" + protocol);

        Result result = ping(settings);

        assertThat(result.exit()).as("%s", result).isZero();
        assertWell(result, "builder-1", "builder-2", "builder-3");
    }

    @Test
    void namedMachinesAloneAreReached() throws Exception {
        Result result = ping(fleet.settings(), "builder-2");

        assertThat(result.exit()).as("%s", result).isZero();
        assertWell(result, "builder-2");
        assertThat(result.out()).doesNotContain("builder-1").doesNotContain("builder-3");
    }

    @Test
    void programsGetTheSameAsJson() throws Exception {
        JsonNode report = Json.parse(ping(fleet.settings(), "--json").orFail().out());

        assertThat((Object) report.path("ok")).isEqualTo(BooleanNode.valueOf(true));
        assertThat(machines(report)).hasSize(3).allSatisfy(machine -> {
            assertThat((Object) machine.path("ok")).isEqualTo(BooleanNode.valueOf(true));
            assertThat(machine.path("nixVersion").textValue()).isEqualTo(nixVersion());
            assertThat((Object) machine.path("trusted")).isEqualTo(BooleanNode.valueOf(true));
        });
    }

    @Test
    void unknownNameIsWrongUsageAndTheNearestIsSuggested() throws Exception {
        Result result = ping(fleet.settings(), "bilder-2");

        assertThat(result.exit()).isEqualTo(USAGE);
        assertThat(result.err()).contains("no machine bilder-2").contains("did you mean 'builder-2'");
    }

    @Test
    void deadMachineDoesNotHideTheOthers() throws Exception {
        Fleet.Machine dead = fleet.machine(1);
        dead.kill();
        try {
            Result result = ping(fleet.settings());

            assertIll(result, dead, "refused", "refused the connection");
            assertWell(result, "builder-1", "builder-3");

            JsonNode report = Json.parse(ping(fleet.settings(), "--json").out());
            assertThat((Object) report.path("ok")).isEqualTo(BooleanNode.valueOf(false));
            assertThat((Object) machines(report).get(1).path("reached")).isEqualTo(BooleanNode.FALSE);
            assertThat(Json.print(machines(report).get(1).path("problems"))).contains("\"verdict\":\"refused\"");
        } finally {
            dead.start();
        }
    }

    @Test
    void keyOfAnotherHostIsNoKey() throws Exception {
        List<String> keys = HOST_KEY.matcher(DispatcherSettings.of(fleet).text())
                .results()
                .map(MatchResult::group)
                .toList();
        Path settings = DispatcherSettings.of(fleet)
                .changeMachines(keys.get(0), keys.get(1))
                .write("wrong-key");

        Result result = ping(settings);

        assertIll(result, fleet.machine(0), "host key changed", "SHA256:");
        assertThat(result.out()).contains("correct the machine's publicHostKey");
        assertWell(result, "builder-2", "builder-3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ssh-ng", "ssh"})
    void userWhoIsNotTrustedIsTold(String protocol) throws Exception {
        try (Fleet strict =
                Fleet.of(1).user("nix").trusted(false).protocol(protocol).start()) {
            Result result = ping(strict.settings());

            assertIll(result, strict.machine(0), "not trusted", "does not trust the user nix");
            assertThat(result.out()).contains("add nix to trusted-users");
        }
    }

    @Test
    void featureThatTheMachineLacksIsNamed() throws Exception {
        Path settings = DispatcherSettings.of(fleet)
                .changeMachines("supportedFeatures: [", "supportedFeatures: [quantum, ")
                .write("claim");

        Result result = ping(settings, "builder-1");

        assertIll(result, fleet.machine(0), "wrong claim", "it has quantum");
    }

    @Test
    void machineWithoutNixOnItsPathIsToldFromADeadOne() throws Exception {
        withShellStart(fleet.machine(2), "PATH=/nowhere", () -> {
            Result result = ping(fleet.settings());

            assertIll(result, fleet.machine(2), "no Nix", "no Nix was found");
            assertWell(result, "builder-1", "builder-2");
        });
    }

    @Test
    void greetingOfAShellIsQuoted() throws Exception {
        withShellStart(fleet.machine(2), "echo Welcome to this machine", () -> {
            Result result = ping(fleet.settings());

            assertIll(result, fleet.machine(2), "noise", "'Welcome to this machine");
            assertWell(result, "builder-1", "builder-2");
        });
    }

    /// What a test does while something is otherwise than usual.
    private interface Body {
        void run() throws Exception;
    }

    private static void withShellStart(Fleet.Machine machine, String line, Body body) throws Exception {
        machine.run("sh", "-c", "printf '%s\\n' \"$1\" >/root/.bashrc", "-", line)
                .orFail();
        try {
            body.run();
        } finally {
            machine.run("rm", "/root/.bashrc").orFail();
        }
    }

    private static Result ping(Path settings, Object... arguments) throws Exception {
        return Command.of(Checkout.dispatcher(), "ping", "--config", settings)
                .with(arguments)
                .run();
    }

    private static void assertWell(Result result, String... names) throws Exception {
        for (String name : names) {
            assertThat(row(result, name))
                    .as("%s", result)
                    .matches(Pattern.quote(name) + " +ok +\\d+ ms +\\d+ ms +" + Pattern.quote(nixVersion())
                            + " +yes +\\d+ for 4 jobs .*");
        }
    }

    /// One bad row, and below the table what is wrong and what to do next.
    private static void assertIll(Result result, Fleet.Machine machine, String verdict, String cause) {
        assertThat(result.exit()).as("%s", result).isEqualTo(ILL);
        assertThat(row(result, machine.name())).startsWith(machine.name()).contains(" " + verdict + " ");
        assertThat(result.out())
                .containsPattern("(?m)^%s \\(.*%s.*\\): %s\n  cause: .*%s.*\n  next:  \\S"
                        .formatted(machine.name(), machine.address(), verdict, Pattern.quote(cause)));
    }

    private static String row(Result result, String name) {
        return result.out()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row for " + name + ": " + result));
    }

    /// That of the machines, as it says itself.
    private static String nixVersion() throws IOException, InterruptedException {
        String[] words = Command.of("nix-store", "--version")
                .run()
                .orFail()
                .out()
                .strip()
                .split(" ");
        return words[words.length - 1];
    }

    private static List<JsonNode> machines(JsonNode report) {
        return report.path("machines").valueStream().toList();
    }
}
