package dispatcher.cli.settings.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.access.ClientRule;
import dispatcher.cli.settings.Compared;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.machine.MachineKeys;
import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The table, the reader and the comparison know the same keys, and mean the same value by each.
class SettingsTableTest {
    private static final String MACHINES = "machines: [{hostName: a, system: x86_64-linux}]\n";

    /// For each key that stands once in the file: a value that is not its default.
    private static final Map<String, String> OTHERS = Stream.of("""
                    listen.socket = other.sock
                    listen.ssh = 127.0.0.1:2222
                    listen.web = 127.0.0.1:8080
                    decline.onBattery = yes
                    decline.offline = yes
                    decline.waitOver = 7m
                    decline.command = false
                    web.tokenFile = t
                    web.userHeader = X-User
                    web.proxies = [10.0.0.1]
                    web.hosts = [a.example.org]
                    publish.to = file:///cache
                    publish.command = true
                    publish.parallel = 3
                    publish.attempts = 4
                    publish.timeout = 3m
                    otlp.collector = http://collector:4318
                    otlp.headersFile = h
                    authorizedKeys = keys
                    trustedPublicKeys = []
                    state = s
                    hostKey = h
                    secretKeyFile = k
                    spool.path = p
                    spool.size = 1GiB
                    records.keep = 2h
                    records.logSize = 5MiB
                    hostStore = off
                    schedule.firstAfterWaiting = 1h
                    schedule.trace = t
                    schedule.minFreeDisk = 2GiB
                    schedule.maxLoad = 1.5
                    schedule.stragglers = 3
                    schedule.stragglersAfter = 2m
                    limits.connections = 7
                    limits.connectionsPerAddress = 7
                    limits.connectionsPerKey = 7
                    limits.channelsPerConnection = 7
                    limits.loggingIn = 7
                    limits.loggingInPerAddress = 7
                    limits.loginTime = 7s
                    limits.failedLogins = 7
                    limits.requestSize = 7MiB
                    limits.requestsPerSecond = 7
                    limits.logSize = 7MiB
                    limits.spoolShare = 7
                    limits.uploadPause = 7m
                    maxAttempts = 7
                    uplink = 7MiB/s
                    timeouts.connect = 7s
                    timeouts.handshake = 7s
                    timeouts.silentConnection = 7s
                    timeouts.nixReply = 7s
                    timeouts.checkBeforeBuild = 7s
                    timeouts.waitForMachine = 7s
                    timeouts.drain = 7s
                    buildLimits.timeout = 7s
                    buildLimits.maxSilent = 7s
                    buildLimits.maxLog = 7MB
                    ssh.maxSessions = 7
                    ssh.maxStarting = 7
                    ssh.config = no
                    ssh.keepAlive = 7s
                    ssh.idle = 7s
                    ssh.maxAge = 7m
                    ssh.knownHosts = [kh]
                    """.split("\n"))
            .map(line -> line.split(" = "))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1], (a, _) -> a, TreeMap::new));

    @TempDir
    private Path directory;

    private Settings read(String text) throws IOException {
        var file = Files.writeString(directory.resolve("d.yaml"), text);
        return SettingsFile.load(file, new Surroundings(directory, directory, "me", "x86_64-linux", Map.of()));
    }

    static List<Key<?>> keysThatStandOnce() {
        return SettingsTable.keys().stream()
                .filter(key -> !key.path().contains("[]") && !key.path().equals("machinesFile"))
                .toList();
    }

    /// Or else a new key of the table would be accepted and have no effect.
    @ParameterizedTest
    @MethodSource("keysThatStandOnce")
    void anotherValueOfAKeyIsADifferenceInThatKeyOnly(Key<?> key) throws IOException {
        assertThat(OTHERS).containsKey(key.path());
        var before = read(with(Map.of()));
        var after = read(with(Map.of(key.path(), OTHERS.get(key.path()))));

        assertThat(key.compared()).isPresent();
        assertThat(SettingsTable.compared())
                .filteredOn(compared -> compared.differs(before, after))
                .extracting(Compared::name)
                // By default these are in the state directory.
                .filteredOn(name -> !key.path().equals("state")
                        || !List.of("hostKey", "spool.path").contains(name))
                .containsExactly(key.path());
    }

    @Test
    void whatNeedsARestartStaysAsItWas() throws IOException {
        var before = read(with(Map.of()));
        var after = read(with(OTHERS));
        var inForce = after.withStartOf(before);

        for (var compared : SettingsTable.compared()) {
            if (compared.name().equals("clients") || compared.name().equals("resources")) continue;
            assertThat(compared.differs(before, inForce))
                    .as(compared.name())
                    .isEqualTo(compared.effect() != Effect.RESTART);
        }
    }

    private static String with(Map<String, String> values) {
        var groups = new TreeMap<String, List<String>>();
        groups.computeIfAbsent("listen", _ -> new ArrayList<>());
        if (!values.containsKey("listen.socket")) groups.get("listen").add("socket: d.sock");
        var text = new StringBuilder(MACHINES);
        values.forEach((path, value) -> {
            int dot = path.indexOf('.');
            if (dot < 0) text.append("%s: %s\n".formatted(path, value));
            else
                groups.computeIfAbsent(path.substring(0, dot), _ -> new ArrayList<>())
                        .add("%s: %s".formatted(path.substring(dot + 1), value));
        });
        groups.forEach((name, lines) -> text.append("%s: {%s}\n".formatted(name, String.join(", ", lines))));
        return text.toString();
    }

    static List<Key<?>> keysOfMachines() {
        return MachineKeys.MACHINES.keys();
    }

    @ParameterizedTest
    @MethodSource("keysOfMachines")
    void eachKeyOfAMachineIsRead(Key<?> key) throws IOException {
        var others = new HashMap<String, String>();
        others.put("protocol", "ssh-ng");
        others.put("compress", "yes");
        others.put("substitute", "yes");
        others.put("port", "7");
        others.put("mandatoryFeatures", "[kvm]");
        // All its values mean the same.
        if (key.name().equals("remoteStore")) return;
        var entry = new TreeMap<>(Map.of("hostName", "a", "system", "x86_64-linux"));
        if (key.name().equals("systems")) entry.remove("system");
        if (key.name().equals("socket")) entry.put("protocol", "local");
        others.put("publicHostKey", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILTNDAv9OI9CdXO0lewXwsi/k34jvxHLZ6x3YxW7q6cq");
        others.put("dialsIn", others.get("publicHostKey"));
        entry.put(key.name(), others.getOrDefault(key.name(), key.example()));
        var listen = "listen: {socket: d.sock}\n";

        assertThat(read(listen + "machines: [%s]".formatted(flow(entry))).machines())
                .isNotEqualTo(read(listen + MACHINES).machines());
    }

    static List<Key<?>> keysOfClients() {
        return ClientKeys.CLIENTS.keys();
    }

    @ParameterizedTest
    @MethodSource("keysOfClients")
    void eachKeyOfAClientIsRead(Key<?> key) throws IOException {
        var entry = new TreeMap<>(Map.of("name", "a", "users", "[u]"));
        if (key.name().equals("isolate")) entry.put("trusted", "false");
        if (key.name().equals("default")) entry.remove("users");
        var without = rules(entry.containsKey("users") ? entry : Map.of("name", "a", "keys", "[k]"));
        var example = key.type().words().equals("true or false")
                ? String.valueOf(!key.presetWords().equals("true"))
                : key.example();
        entry.put(key.name(), example);

        assertThat(rules(entry)).isNotEqualTo(without);
    }

    private List<Object> rules(Map<String, String> entry) throws IOException {
        var rules = read("listen: {socket: d.sock}\n" + MACHINES + "clients: [%s]".formatted(flow(entry)))
                .clients();
        return Stream.concat(
                        rules.rules().stream().<Object>map(ClientRule::toString),
                        Stream.of(rules.others().toString()))
                .toList();
    }

    private static String flow(Map<String, String> entry) {
        return entry.entrySet().stream()
                .map(pair -> "%s: %s".formatted(pair.getKey(), pair.getValue()))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    @ParameterizedTest
    @CsvSource({
        "timeouts, answer, checkBeforeBuild",
        "timeouts, reply, nixReply",
        "timeouts, silence, silentConnection",
        "timeouts, unavailable, waitForMachine",
        "schedule, patience, firstAfterWaiting"
    })
    void anOldNameStillWorksWithOneWarning(String group, String old, String now) throws IOException {
        var text = "listen: {socket: d.sock}\n" + MACHINES + group + ":\n  ";
        var settings = read(text + old + ": 77s\n");

        assertThat(settings.warnings())
                .extracting(Fault::toString)
                .containsExactly("d.yaml:4: %1$s.%2$s: this is now called `%1$s.%3$s`; the old name still works"
                        .formatted(group, old, now));
        var sameByNewName = read(text + now + ": 77s\n");
        assertThat(sameByNewName.warnings()).isEmpty();
        assertThat(settings.timeouts()).isEqualTo(sameByNewName.timeouts());
        assertThat(settings.schedule()).isEqualTo(sameByNewName.schedule());
        assertThat(SettingsTable.compared()).noneMatch(compared -> compared.differs(settings, sameByNewName));
        assertThat(settings.timeouts().equals(read(text).timeouts())
                        && settings.schedule().equals(read(text).schedule()))
                .isFalse();
    }

    @Test
    void aFaultOfAnOldNameIsToldUnderIt() {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> read("listen: {socket: d.sock}\n" + MACHINES + "timeouts: {reply: 0s}"))
                .satisfies(e -> assertThat(e.faults())
                        .extracting(Fault::toString)
                        .containsExactly("d.yaml:3: timeouts.reply: '0s' should be above zero"));
    }

    @Test
    void anOldNameBesideTheNewOneIsAFault() {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() ->
                        read("listen: {socket: d.sock}\n" + MACHINES + "timeouts:\n  nixReply: 1m\n  reply: 2m\n"))
                .satisfies(e -> assertThat(e.faults())
                        .extracting(Fault::toString)
                        .containsExactly("d.yaml:5: timeouts.reply: this is the old name of `timeouts.nixReply`, which"
                                + " line 4 has too; take one away"));
    }

    @Test
    void everyRowHasHelpAndAPathInItsGroup() {
        assertThat(SettingsTable.keys()).extracting(Key::path).doesNotHaveDuplicates();
        SettingsTable.TOP.groups().forEach(group -> {
            for (var row : group.rows()) {
                assertThat(row.help()).as(row.path()).endsWith(".");
                var name = row instanceof Group inner && inner.isList() ? row.name() + Group.LIST : row.name();
                assertThat(row.path()).isEqualTo(group.path().isEmpty() ? row.path() : group.path() + "." + name);
            }
            if (SettingsTable.TOP.rows().contains(group))
                assertThat(group.path()).doesNotContain(".");
        });
    }
}
