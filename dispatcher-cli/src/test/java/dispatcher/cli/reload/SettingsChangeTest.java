package dispatcher.cli.reload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dispatcher.cli.settings.Compared;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.SettingsTable;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.settings.yaml.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsChangeTest {
    private static final String MACHINES = "machines: [{hostName: a, sshUser: nix, system: x86_64-linux}]\n";
    private static final String LISTEN = "listen: {socket: d.sock}\n";

    @TempDir
    private Path directory;

    private Settings read(String text) throws IOException {
        var file = Files.writeString(directory.resolve("d.yaml"), text);
        return SettingsFile.load(file, new Surroundings(directory, directory, "me", "x86_64-linux", Map.of()));
    }

    private SettingsChange change(String before, String after) throws IOException {
        return SettingsChange.of(read(before), read(after));
    }

    private SettingsChange machines(String before, String after) throws IOException {
        return change(LISTEN + "machines: [%s]".formatted(before), LISTEN + "machines: [%s]".formatted(after));
    }

    private static String machine(String name, String more) {
        return "{hostName: %s, sshUser: nix, system: x86_64-linux%s}".formatted(name, more);
    }

    @Test
    void anotherWayToStartAMachineIsNamed() throws Exception {
        var change = machines(
                machine("a", ""), machine("a", ", onDemand: {command: {start: up, stop: down}, idleAfter: 5m}"));

        assertThat(change.changes())
                .containsExactly("machine a: onDemand none -> (start 'up', stop 'down', bootTimeout 2m, idleAfter 5m)");
    }

    @Test
    void otherNumbersOfAPoolAreNamed() throws Exception {
        var command = ", onDemand: {command: {start: up, stop: down, address: where}}, pool: {max: 1";
        var change = machines(
                machine("a", command + "}"),
                machine(
                        "a",
                        command
                                + ", min: 1, maxBuildsPerMachine: 9, windows: [{days: [sun], from: 08:00, to: 18:00, max: 0}]}"));

        assertThat(change.changes())
                .containsExactly(
                        "machine a-1: pool (min 0, max 1, warm 0) -> (min 1, max 1, warm 0, maxBuildsPerMachine 9,"
                                + " [SUNDAY] from 08:00 to 18:00: min 0, max 0)");
    }

    @Test
    void anotherSizeOfAContainerIsNamedAndNoVariableOfIt() throws Exception {
        var change = machines(
                machine("a", ", onDemand: {container: {image: i, cpus: 2, environment: [A=secret]}}"),
                machine("a", ", onDemand: {container: {image: i, cpus: 3, environment: [A=other]}, keepUntil: 18:30}"));

        assertThat(change.changes())
                .singleElement()
                .asString()
                .contains("(image i, environment #", "cpus 2.0", "cpus 3.0", "keepUntil 00:00-18:30")
                .doesNotContain("secret", "other");
    }

    @Test
    void nothingIsOtherwise() throws Exception {
        var change = change(LISTEN + MACHINES, LISTEN + "\n" + MACHINES + "# a remark\n");

        assertThat(change.changes()).isEmpty();
        assertThat(change.needRestart()).isEmpty();
        assertThat(change.reconnects()).isFalse();
    }

    @Test
    void machinesThatComeAndGoAreNamed() throws Exception {
        var change = machines(machine("a", ""), machine("b", ", maxJobs: 4"));

        assertThat(change.changes())
                .containsExactly(
                        "machine b added: nix@b, maxJobs 4, x86_64-linux",
                        "machine a removed; what runs there comes to its end");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ", maxJobs: 3 | maxJobs 1 -> 3",
                ", speedFactor: 2 | speedFactor 1.0 -> 2.0",
                ", supportedFeatures: [kvm] | supportedFeatures none -> kvm",
                ", mandatoryFeatures: [kvm] | mandatoryFeatures none -> kvm",
                ", resources: {gpu: 2} | resources none -> {gpu=2}",
                ", substitute: yes | substitute auto -> yes",
                ", compress: no | compress auto -> no",
                ", port: 2222 | address nix@a -> nix@a:2222",
                ", protocol: ssh-ng | protocol ssh -> ssh-ng",
                ", sshKey: /k | sshKey none -> /k",
            })
    void eachAttributeOfAMachineIsReported(String more, String reported) throws Exception {
        var before = more.contains("protocol") ? ", protocol: ssh" : "";

        assertThat(machines(machine("a", before), machine("a", more)).changes())
                .containsExactly("machine a: " + reported);
    }

    @Test
    void otherSystemsAreReported() throws Exception {
        var change = machines(machine("a", ""), "{hostName: a, sshUser: nix, systems: [aarch64-linux, x86_64-linux]}");

        assertThat(change.changes()).containsExactly("machine a: systems x86_64-linux -> aarch64-linux x86_64-linux");
    }

    @Test
    void machinesFileThatChangesIsAChange() throws Exception {
        Files.writeString(directory.resolve("machines"), "ssh-ng://nix@a x86_64-linux - 1\n");
        var before = read(LISTEN + "machinesFile: machines\n");
        Files.writeString(directory.resolve("machines"), "ssh-ng://nix@a x86_64-linux - 5\n");
        var change = SettingsChange.of(before, read(LISTEN + "machinesFile: machines\n"));

        assertThat(change.changes()).containsExactly("machine a: maxJobs 1 -> 5");
        assertThat(change.settings().files())
                .containsExactly(
                        directory.resolve("d.yaml"), directory.resolve("machines"), directory.resolve("machines.d"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'timeouts: {drain: 5m}' | timeouts.drain: 10m -> 5m",
                "'timeouts: {checkBeforeBuild: 5s}' | timeouts.checkBeforeBuild: 2s -> 5s",
                "'maxAttempts: 7' | maxAttempts: 3 -> 7",
                "'schedule: {firstAfterWaiting: 1h}' | schedule.firstAfterWaiting: 30m -> 1h",
                "'schedule: {maxLoad: 1.5}' | schedule.maxLoad: none -> 1.5",
                "'schedule: {stragglers: 3}' | schedule.stragglers: none -> 3.0",
                "'schedule: {stragglersAfter: 2m}' | schedule.stragglersAfter: 1m -> 2m",
                "'buildLimits: {timeout: 1h}' | buildLimits.timeout: 0s -> 1h",
                "'limits: {connections: 5}' | limits.connections: 2000 -> 5",
                "'clients: [{name: guests, users: [g]}]' | clients: none -> guests",
                "'resources: [{builds: \"gcc*\", take: {memory: 8GiB}}]' | resources: 0 rules -> 1 rules",
            })
    void whatCountsAtOnceIsNoMatterOfConnections(String text, String reported) throws Exception {
        var change = change(LISTEN + MACHINES, LISTEN + MACHINES + text);

        assertThat(change.changes()).containsExactly(reported);
        assertThat(change.reconnects()).isFalse();
    }

    @Test
    void ruleThatSaysSomethingElseUnderItsNameIsAChange() throws Exception {
        var change = change(
                LISTEN + MACHINES + "clients: [{name: guests, users: [g]}]",
                LISTEN + MACHINES + "clients: [{name: guests, users: [g], trusted: false}]");

        assertThat(change.changes()).containsExactly("clients: changed (guests)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'timeouts: {nixReply: 5m}' | timeouts.nixReply: 2m -> 5m",
                "'ssh: {idle: 5m}' | ssh.idle: 2m -> 5m",
                "'uplink: 20MiB/s' | uplink: none -> 20MiB",
            })
    void whatConnectionsAreMadeWithMakesThemAnew(String text, String reported) throws Exception {
        var change = change(LISTEN + MACHINES, LISTEN + MACHINES + text);

        assertThat(change.changes()).containsExactly(reported);
        assertThat(change.reconnects()).isTrue();
    }

    @Test
    void whatOnlyAStartCanDoIsNamedAndStaysAsItWas() throws Exception {
        var before = read(LISTEN + MACHINES + "state: s\n");
        var after = read("listen: {socket: other.sock, ssh: '127.0.0.1:2222'}\n"
                + MACHINES
                + "state: t\nhostStore: off\nspool: {size: 1GiB}\nssh: {maxStarting: 7}\nsecretKeyFile: k\n"
                + "maxAttempts: 9\n");
        var change = SettingsChange.of(before, after);

        assertThat(change.changes()).containsExactly("maxAttempts: 3 -> 9");
        assertThat(change.needRestart())
                .contains(
                        "listen.ssh: none -> 127.0.0.1:2222",
                        "hostStore: auto -> off",
                        "spool.size: 50GiB -> 1GiB",
                        "ssh.maxStarting: 2 -> 7",
                        "state: %1$s/s -> %1$s/t".formatted(directory));
        assertThat(change.settings().listen()).isEqualTo(before.listen());
        assertThat(change.settings().state()).isEqualTo(before.state());
        assertThat(change.settings().ssh()).isEqualTo(before.ssh());
        assertThat(change.settings().maxAttempts()).isEqualTo(9);
        assertThat(SettingsChange.of(change.settings(), after).needRestart()).hasSameElementsAs(change.needRestart());
        assertThat(SettingsChange.of(change.settings(), before).needRestart()).isEmpty();
    }

    /// Or else another value of it would go unnoticed. The reader names the keys that it knows when it meets one
    /// that it does not.
    @Test
    void everyKeyThatIsReadIsCompared() {
        var sections = List.of(
                "listen",
                "decline",
                "publish",
                "otlp",
                "web",
                "spool",
                "records",
                "schedule",
                "timeouts",
                "buildLimits",
                "ssh",
                "limits");
        var keys = new TreeSet<String>();
        for (var key : knownKeys("", "nonsense: 1")) if (!sections.contains(key)) keys.add(key);
        for (var section : sections)
            for (var key : knownKeys(section + ".", section + ": {nonsense: 1}")) keys.add(section + "." + key);
        keys.removeAll(List.of("machines", "machinesFile"));

        assertThat(SettingsTable.compared()).extracting(Compared::name).containsExactlyInAnyOrderElementsOf(keys);
    }

    private List<String> knownKeys(String prefix, String text) {
        var faults =
                catchThrowableOfType(SettingsException.class, () -> read(text)).faults();
        return faults.stream()
                .filter(fault -> fault.key().equals(prefix + "nonsense"))
                .map(fault -> fault.message().replaceFirst(".*known here: ", ""))
                .flatMap(known -> Stream.of(known.split(", ")))
                .toList();
    }
}
