package dispatcher.cli.settings.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import dispatcher.access.UploadLimits;
import dispatcher.build.Stragglers;
import dispatcher.build.request.ResourceRules.Rule;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.Settings.HostStore;
import dispatcher.cli.settings.value.ByteSize;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.Choice;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import dispatcher.machine.Pressure;
import dispatcher.machine.Reach;
import dispatcher.machine.Trait;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.schedule.policy.SchedulerOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    private static final String HOST_KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILTNDAv9OI9CdXO0lewXwsi/k34jvxHLZ6x3YxW7q6cq";
    private static final String LEAST = """
            listen: {socket: /run/d.sock}
            machines:
              - {hostName: a, system: x86_64-linux}
            """;

    @TempDir
    private Path directory;

    /// With the usual ssh_config.
    private Reach reach(boolean statesPort, boolean statesUser) {
        return Reach.stating(statesPort, statesUser)
                .withSshConfig(List.of(directory.resolve("home/.ssh/config"), Path.of("/etc/ssh/ssh_config")));
    }

    @Nested
    class WaysToMachines {
        private Reach reachOf(String machine, String more) throws IOException {
            return read("listen: {socket: /run/d.sock}\nmachines: [{hostName: a, system: x86_64-linux%s}]\n%s"
                            .formatted(machine, more))
                    .machines()
                    .getFirst()
                    .address()
                    .reach();
        }

        @Test
        void readSshConfigUnlessTheSettingsSayNo() throws IOException {
            assertThat(reachOf("", "").sshConfig()).hasSize(2);
            assertThat(reachOf("", "ssh: {config: no}\n").sshConfig()).isEmpty();
            assertThat(reachOf(", sshConfig: no", "").sshConfig()).isEmpty();
            assertThat(reachOf(", sshConfig: yes", "ssh: {config: no}\n").sshConfig())
                    .hasSize(2);
            assertThat(reachOf(", sshConfig: ./c", "").sshConfig()).containsExactly(directory.resolve("c"));
            assertThat(reachOf("", "ssh: {config: ./c}\n").sshConfig()).containsExactly(directory.resolve("c"));
        }

        @Test
        void sayWhatTheEntryLeavesOpen() throws IOException {
            assertThat(reachOf("", "").statesPort()).isFalse();
            assertThat(reachOf(", port: 22", "").statesPort()).isTrue();
            assertThat(reachOf(", sshUser: me", "").statesUser()).isTrue();
        }

        @Test
        void ofOneThatDialsInNeedNoSshConfigAndAServer() throws IOException {
            var reach = reachOf(", dialsIn: '%s'".formatted(HOST_KEY), "");
            assertThat(reach.dialsIn()).contains(HOST_KEY);
            assertThat(reach.sshConfig()).isEmpty();
            assertThat(read("""
                            listen: {socket: d.sock}
                            machines: [{hostName: a, system: x86_64-linux, dialsIn: '%s'}]
                            """.formatted(HOST_KEY)).warnings())
                    .extracting(Fault::message)
                    .containsExactly("'a' dials in, and there is no listen.ssh that it could dial");
        }

        @Test
        void ofTwoThatDialInNeedTwoKeys() {
            assertThatThrownBy(() -> read("""
                            listen: {socket: d.sock}
                            machines:
                              - {hostName: a, system: x86_64-linux, dialsIn: '%s'}
                              - {hostName: b, system: x86_64-linux, dialsIn: '%s'}
                            """.formatted(HOST_KEY, HOST_KEY)))
                    .hasMessageContaining("the key by which 'b' dials in is that of 'a' too");
        }
    }

    @Nested
    class Values {
        @Test
        void haveDefaults() throws IOException {
            var settings = read(LEAST);

            assertThat(settings.file()).isEqualTo(directory.resolve("dispatcher.yaml"));
            assertThat(settings.listen())
                    .isEqualTo(new Settings.Listen(
                            Optional.of(Path.of("/run/d.sock")),
                            Optional.empty(),
                            Optional.empty(),
                            Settings.Web.DEFAULT));
            assertThat(settings.authorizedKeys()).isEqualTo(directory.resolve("authorized_keys"));
            assertThat(settings.clients()).isEqualTo(ClientRules.NONE);
            assertThat(settings.trustedPublicKeys()).containsExactly(ClientKeys.NIX_CACHE_KEY);
            assertThat(settings.limits()).isEqualTo(ClientLimits.DEFAULT);
            assertThat(settings.uploads()).isEqualTo(UploadLimits.DEFAULT);
            assertThat(settings.state()).isEqualTo(Path.of("/var/lib/dispatcher"));
            assertThat(settings.hostKey()).isEqualTo(Path.of("/var/lib/dispatcher/ssh_host_ed25519_key"));
            assertThat(settings.secretKeyFile()).isEmpty();
            assertThat(settings.spool())
                    .isEqualTo(new Settings.Spool(Path.of("/var/lib/dispatcher/spool"), ByteSize.parse("50GiB")));
            assertThat(settings.hostStore()).isEqualTo(new HostStore.Auto());
            assertThat(settings.schedule()).isEqualTo(SchedulerOptions.DEFAULT);
            assertThat(settings.trace()).isEmpty();
            assertThat(settings.pressureLimits()).isEqualTo(Pressure.Limits.DEFAULT);
            assertThat(settings.stragglers()).isEqualTo(Stragglers.OFF);
            assertThat(settings.maxAttempts()).isEqualTo(3);
            assertThat(settings.uplink()).isEmpty();
            assertThat(settings.timeouts().connect()).isEqualTo(Duration.ofSeconds(10));
            assertThat(settings.timeouts().answer()).isEqualTo(Duration.ofSeconds(2));
            assertThat(settings.timeouts().unavailable()).isEqualTo(Duration.ofMinutes(1));
            assertThat(settings.timeouts().drain()).isEqualTo(Duration.ofMinutes(10));
            assertThat(settings.buildLimits())
                    .isEqualTo(new Settings.BuildLimits(Duration.ZERO, Duration.ZERO, new ByteSize(0)));
            assertThat(settings.ssh().maxSessions()).isEqualTo(10);
            assertThat(settings.ssh().knownHosts())
                    .containsExactly(directory.resolve("home/.ssh/known_hosts"), Path.of("/etc/ssh/ssh_known_hosts"));
            assertThat(settings.machines())
                    .containsExactly(new Machine(
                            "a",
                            new MachineAddress("a", 22, "me", Optional.empty(), Optional.empty(), reach(false, false)),
                            MachineProtocol.SSH,
                            List.of(),
                            new TreeSet<>(Set.of("x86_64-linux")),
                            1,
                            1,
                            new TreeSet<>(),
                            new TreeSet<>(),
                            Choice.AUTO,
                            Choice.AUTO,
                            new TreeMap<>(),
                            Optional.empty()));
            assertThat(settings.warnings()).isEmpty();
        }

        @Test
        void thatAnEntryWithoutSystemsLacksAreLeftToTheMachine() throws IOException {
            var settings = read("""
                    listen: {socket: /run/d.sock}
                    machines:
                      - {hostName: a}
                      - {hostName: b, maxJobs: 3, supportedFeatures: [kvm], resources: {memory: 1GiB}}
                      - {hostName: c, system: x86_64-linux}
                    """);

            assertThat(settings.machines())
                    .extracting(Machine::unstated)
                    .containsExactly(
                            Set.of(Trait.SYSTEMS, Trait.FEATURES, Trait.MAX_JOBS, Trait.MEMORY),
                            Set.of(Trait.SYSTEMS),
                            Set.of());
            assertThat(settings.machines()).extracting(Machine::isDescribed).containsExactly(false, false, true);
            assertThat(settings.machines()).extracting(Machine::maxJobs).containsExactly(1, 3, 1);
        }

        @Test
        void comeFromEveryKey() throws IOException {
            var settings = read("""
                    listen: {socket: run/d.sock, ssh: "[::]:2222", web: 127.0.0.1:8080}
                    authorizedKeys: /etc/keys
                    hostKey: ~/key
                    secretKeyFile: keys/cache
                    state: state
                    spool: {path: /big, size: 1.5TiB}
                    hostStore: off
                    schedule: {firstAfterWaiting: 10m, trace: traces/today, minFreeDisk: 5GiB, maxLoad: 1.5, stragglers: 2.5, stragglersAfter: 10s}
                    resources:
                      - {builds: 'chromium-*', take: {memory: 16GiB}}
                      - {attribute: gpus, resource: gpu}
                    maxAttempts: 5
                    uplink: 20MiB/s
                    timeouts: {connect: 2s, handshake: 500ms, silentConnection: 1m30s, nixReply: 5m, checkBeforeBuild: 1s, waitForMachine: 5m, drain: 1h}
                    buildLimits: {timeout: 2h, maxSilent: 10m, maxLog: 1MB}
                    ssh: {maxSessions: 8, maxStarting: 2, keepAlive: 5s, idle: 1m, maxAge: 1d, knownHosts: [kh]}
                    machines:
                      - name: arm
                        hostName: 10.0.0.7
                        port: 2222
                        system: aarch64-linux
                        systems: [x86_64-linux]
                        maxJobs: 8
                        speedFactor: 2.5
                        supportedFeatures: [kvm, big-parallel]
                        mandatoryFeatures: [benchmark]
                        protocol: ssh-ng
                        remoteProgram: sudo -n  /opt/nix/bin/nix-daemon
                        remoteStore: daemon
                        sshUser: nix
                        sshKey: keys/arm
                        publicHostKey: %s
                        compress: yes
                        substitute: no
                        resources: {memory: 64GiB, gpu: 2}
                    """.formatted(Base64.getEncoder()
                    .encodeToString((HOST_KEY + " root@arm\n").getBytes(StandardCharsets.UTF_8))));

            assertThat(settings.listen().socket()).contains(directory.resolve("run/d.sock"));
            assertThat(settings.listen().ssh()).contains(new HostAndPort("::", 2222));
            assertThat(settings.listen().web()).contains(new HostAndPort("127.0.0.1", 8080));
            assertThat(settings.authorizedKeys()).isEqualTo(Path.of("/etc/keys"));
            assertThat(settings.hostKey()).isEqualTo(directory.resolve("home/key"));
            assertThat(settings.secretKeyFile()).contains(directory.resolve("keys/cache"));
            assertThat(settings.state()).isEqualTo(directory.resolve("state"));
            assertThat(settings.spool().path()).isEqualTo(Path.of("/big"));
            assertThat(settings.hostStore()).isEqualTo(new HostStore.Off());
            assertThat(settings.schedule().patience()).isEqualTo(Duration.ofMinutes(10));
            assertThat(settings.trace()).contains(directory.resolve("traces/today"));
            assertThat(settings.resources().rules())
                    .containsExactly(
                            new Rule.Named("chromium-*", new TreeMap<>(Map.of("memory", 16L << 30))),
                            new Rule.Attribute("gpus", "gpu"));
            assertThat(settings.pressureLimits()).isEqualTo(new Pressure.Limits(5L << 30, 1.5));
            assertThat(settings.stragglers()).isEqualTo(Stragglers.after(2.5, Duration.ofSeconds(10)));
            assertThat(settings.maxAttempts()).isEqualTo(5);
            assertThat(settings.uplink()).contains(ByteSize.parse("20MiB"));
            assertThat(settings.timeouts())
                    .isEqualTo(new Settings.Timeouts(
                            Duration.ofSeconds(2),
                            Duration.ofMillis(500),
                            Duration.ofSeconds(90),
                            Duration.ofMinutes(5),
                            Duration.ofSeconds(1),
                            Duration.ofMinutes(5),
                            Duration.ofHours(1)));
            assertThat(settings.buildLimits())
                    .isEqualTo(new Settings.BuildLimits(
                            Duration.ofHours(2), Duration.ofMinutes(10), new ByteSize(1_000_000)));
            assertThat(settings.ssh().maxAge()).isEqualTo(Duration.ofDays(1));
            assertThat(settings.ssh().knownHosts()).containsExactly(directory.resolve("kh"));
            assertThat(settings.machines())
                    .containsExactly(new Machine(
                            "arm",
                            new MachineAddress(
                                    "10.0.0.7",
                                    2222,
                                    "nix",
                                    Optional.of(directory.resolve("keys/arm")),
                                    Optional.of(HOST_KEY),
                                    reach(true, true)),
                            MachineProtocol.SSH_NG,
                            List.of("sudo", "-n", "/opt/nix/bin/nix-daemon"),
                            new TreeSet<>(Set.of("aarch64-linux")),
                            8,
                            2.5,
                            new TreeSet<>(Set.of("kvm", "big-parallel")),
                            new TreeSet<>(Set.of("benchmark")),
                            Choice.YES,
                            Choice.NO,
                            new TreeMap<>(Map.of("memory", 64L << 30, "gpu", 2L)),
                            Optional.empty()));
        }

        @Test
        void ofAMachineMayBeNullAsInNixos() throws IOException {
            var settings = read("""
                    listen: {socket: /s}
                    machines:
                      - hostName: ssh-ng://nix@[::1]:2222
                        protocol: null
                        sshUser: ~
                        sshKey:
                        system: null
                        systems: [x86_64-linux, i686-linux]
                        publicHostKey: %s
                    """.formatted(HOST_KEY));

            var machine = settings.machines().getFirst();
            assertThat(machine.address())
                    .isEqualTo(new MachineAddress(
                            "::1", 2222, "nix", Optional.empty(), Optional.of(HOST_KEY), reach(true, true)));
            assertThat(machine.protocol()).isEqualTo(MachineProtocol.SSH_NG);
            assertThat(machine.systems()).containsExactly("i686-linux", "x86_64-linux");
        }

        @Test
        void ofAMachineThatIsThisHostIsASocket() throws IOException {
            var settings = read("""
                    listen: {socket: /s}
                    machines:
                      - {hostName: localhost, name: here, protocol: local, system: x86_64-linux}
                      - {hostName: box, protocol: local, socket: /srv/box/socket, system: x86_64-linux}
                    """);

            assertThat(settings.machines()).extracting(Machine::name).containsExactly("here", "box");
            assertThat(settings.machines())
                    .extracting(machine -> machine.address().socket().orElseThrow())
                    .containsExactly(Path.of("/nix/var/nix/daemon-socket/socket"), Path.of("/srv/box/socket"));
            assertThat(settings.machines().getFirst().command()).isEqualTo("nix-daemon --stdio");
        }

        @Test
        void ofTheUplinkMayBeWrittenAsASize() throws IOException {
            for (var text : List.of("800kB", "800kB/s", "800 kB /s"))
                assertThat(read(LEAST + "uplink: " + text + "\n").uplink()).contains(new ByteSize(800_000));
        }

        @Test
        void ofTheHostStoreMayBeAPath() throws IOException {
            assertThat(read(LEAST + "hostStore: /nix/var/nix/daemon-socket/socket\n")
                            .hostStore())
                    .isEqualTo(new HostStore.Daemon(Path.of("/nix/var/nix/daemon-socket/socket")));
        }

        @Test
        void mayBeSharedByAnchorsAndMerges() throws IOException {
            var settings = read("""
                    listen: {socket: /s}
                    machines:
                      - &arm {hostName: a, system: aarch64-linux, maxJobs: 4}
                      - {<<: *arm, hostName: b}
                    """);

            assertThat(settings.machines()).extracting(Machine::name).containsExactly("a", "b");
            assertThat(settings.machines()).extracting(Machine::maxJobs).containsExactly(4, 4);
        }

        @Test
        void aloneMayBeSharedToo() throws IOException {
            var settings = read("""
                    listen: {socket: /s}
                    machines:
                      - {hostName: a, system: &arm aarch64-linux, maxJobs: &jobs 4}
                      - {hostName: &b b, system: *arm, maxJobs: *jobs, name: x}
                      - hostName: c
                        systems: [!!str &riscv riscv64-linux, *arm]
                        maxJobs: *jobs
                      - {hostName: d, system: *riscv}
                    """);

            assertThat(settings.machines()).extracting(Machine::maxJobs).containsExactly(4, 4, 4, 1);
            assertThat(settings.machines().get(1).systems()).containsExactly("aarch64-linux");
            assertThat(settings.machines().get(3).systems()).containsExactly("riscv64-linux");
        }
    }

    @Nested
    class Clients {
        private static final String PRINT = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

        @Test
        void haveARuleOrTheDefaults() throws IOException {
            var rules = read(LEAST + """
                    clients:
                      - {name: ci, keys: [%s, ci@*], users: [root], priority: -7, maxBuilds: 20, keepBuilding: true}
                      - {name: guests, keys: ["*"], trusted: false, systems: [x86_64-linux], features: []}
                    """.formatted(PRINT)).clients();

            var ci = new ClientGrant("ci", true, -7, Optional.empty(), Optional.empty(), OptionalInt.of(20), true);
            assertThat(rules.ofKey(PRINT, "")).isEqualTo(ci);
            assertThat(rules.ofKey("SHA256:other", "ci@build")).isEqualTo(ci);
            assertThat(rules.ofUser("root")).isEqualTo(ci);
            assertThat(rules.ofUser("ada")).isEqualTo(ClientGrant.DEFAULT);
            assertThat(rules.ofKey("SHA256:other", "ada"))
                    .isEqualTo(new ClientGrant(
                            "guests",
                            false,
                            0,
                            Optional.of(new TreeSet<>(Set.of("x86_64-linux"))),
                            Optional.of(new TreeSet<>()),
                            OptionalInt.empty(),
                            false));
        }

        @Test
        void thatNoEntryNamesHaveTheDefaultOfTheSettings() throws IOException {
            var rules = read(LEAST + """
                    clients:
                      - {name: ci, users: [root]}
                      - {name: others, default: true, trusted: false, priority: -5}
                    """).clients();
            var others = new ClientGrant(
                    "others", false, -5, Optional.empty(), Optional.empty(), OptionalInt.empty(), false);
            assertThat(rules.ofUser("ada")).isEqualTo(others);
            assertThat(rules.ofKey("SHA256:other", "ada")).isEqualTo(others);
            assertThat(rules.ofUser("root").rule()).isEqualTo("ci");
            assertThat(faults(LEAST + """
                    clients:
                      - {name: others, default: true, keys: [ada]}
                      - {name: ci, users: ["@wheel"], systems: ["*"]}
                      - {name: more, default: true}
                    """)).isEqualTo("""
                    dispatcher.yaml:5: clients[0].keys: names clients, and `default: true` is for those that no entry \
                    names; take one away
                    dispatcher.yaml:6: clients[1]: stands behind the entry with `default: true`, which must be the last one
                    dispatcher.yaml:6: clients[1].users[0]: '@wheel' is a group, and rules name users; write their names
                    dispatcher.yaml:6: clients[1].systems[0]: '*' stands for itself here; leave the key away to allow all, \
                    or name each
                    dispatcher.yaml:7: clients[2]: stands behind the entry with `default: true`, which must be the last one""");
        }

        @Test
        void haveLimits() throws IOException {
            assertThat(read(LEAST + """
                    limits:
                      {connections: 9, connectionsPerAddress: 8, connectionsPerKey: 7, channelsPerConnection: 6,
                       loggingIn: 5, loggingInPerAddress: 4, loginTime: 4s, failedLogins: 3, requestSize: 2MiB, requestsPerSecond: 1, logSize: 1kB}
                    """).limits())
                    .isEqualTo(new ClientLimits(9, 8, 7, 6, 5, 4, Duration.ofSeconds(4), 3, 2 << 20, 1, 1000));
            assertThat(faults(LEAST + "limits: {connections: 0, requestSize: 1B, logSize: 0B, loginTime: 0s}\n"))
                    .isEqualTo("""
                            dispatcher.yaml:4: limits.connections: '0' is not a whole number from 1 to 1000000
                            dispatcher.yaml:4: limits.loginTime: '0s' should be above zero
                            dispatcher.yaml:4: limits.requestSize: '1B' is not from 1MiB to 1GiB
                            dispatcher.yaml:4: limits.logSize: a build that may not write a log cannot be built""");
        }

        @Test
        void withoutTrustMayBeIsolated() throws IOException {
            var rules = read(LEAST + "clients: [{name: guests, keys: ['*'], trusted: false, isolate: true}]\n")
                    .clients();
            assertThat(rules.ofKey(PRINT, "ada").isolated()).isTrue();
            assertThat(rules.ofUser("ada").isolated()).isFalse();
            assertThat(faults(LEAST + "clients: [{name: guests, keys: ['*'], isolate: true}]\n"))
                    .isEqualTo(
                            "dispatcher.yaml:4: clients[0].isolate: needs `trusted: false`: a client that is believed can have"
                                    + " machines hand out and change what others have");
        }

        @Test
        void haveLimitsOfTheirUploads() throws IOException {
            assertThat(read(LEAST + "limits: {spoolShare: 40, uploadPause: 3m}\n")
                            .uploads())
                    .isEqualTo(new UploadLimits(40, Duration.ofMinutes(3)));
            assertThat(faults(LEAST + "limits: {spoolShare: 101, uploadPause: 0s}\n"))
                    .isEqualTo("""
                            dispatcher.yaml:4: limits.spoolShare: '101' is not a whole number from 1 to 100
                            dispatcher.yaml:4: limits.uploadPause: '0s' should be above zero""");
        }

        @Test
        void withoutTrustNeedSignaturesByTheseKeys() throws IOException {
            var key = "test-1:9qD2qS7Gt9oOBe/IuFrt0/dPGs/bXuGYxKzrtwHNgjQ=";
            assertThat(read(LEAST + "trustedPublicKeys: ['%s']\n".formatted(key))
                            .trustedPublicKeys())
                    .containsExactly(NixPublicKey.parse(key));
            assertThat(read(LEAST + "trustedPublicKeys: []\n").trustedPublicKeys())
                    .isEmpty();
            assertThat(faults(LEAST + "trustedPublicKeys: ['test-1:AAAA']\n"))
                    .isEqualTo(
                            "dispatcher.yaml:4: trustedPublicKeys[0]: 'test-1' is not a public key: a key has 32 bytes,"
                                    + " not 3");
        }

        @Test
        void haveTheirFaultsTold() throws IOException {
            assertThat(faults(LEAST + """
                    clients:
                      - {name: a b, keys: ["SHA256:abc"], trusted: maybe}
                      - {name: ci, priority: 1001, systems: [], maxBuilds: 0}
                      - {name: ci, keys: [ada, ada], kyes: [x]}
                      - {keys: [ada], features: "kvm,x"}
                    """)).isEqualTo("""
                    dispatcher.yaml:5: clients[0].name: 'a b' is no name; use letters, digits and . _ -
                    dispatcher.yaml:5: clients[0].keys[0]: 'SHA256:abc' is no fingerprint; see `ssh-keygen -lf KEY.pub`: \
                    SHA256: and 43 letters and digits
                    dispatcher.yaml:5: clients[0].trusted: 'maybe' is not one of true, false
                    dispatcher.yaml:6: clients[1]: names nobody: `keys` of clients that come by SSH, or `users` of this \
                    host, are missing; or `default: true`, for clients that no entry names
                    dispatcher.yaml:6: clients[1].priority: '1001' is not a whole number from -1000 to 1000
                    dispatcher.yaml:6: clients[1].systems: allows no system; leave it away to allow all, or take the key \
                    away from authorized_keys
                    dispatcher.yaml:6: clients[1].maxBuilds: '0' is not a whole number of 1 or more
                    dispatcher.yaml:7: clients[2].name: 'ci' is the name of the rule in line 6 already
                    dispatcher.yaml:7: clients[2].keys: names a client that the rule 'ci' is for; only the first one counts
                    dispatcher.yaml:7: clients[2].kyes: unknown key; did you mean 'keys'?
                    dispatcher.yaml:8: clients[3].name: is missing: what this rule is called in messages
                    dispatcher.yaml:8: clients[3].keys: names a client that the rule 'ci' is for; only the first one counts
                    dispatcher.yaml:8: clients[3].features: is text; it should be a list, such as [a, b]""");
        }
    }

    @Nested
    class MachinesFiles {
        @Test
        void areReadBesideTheSettings() throws IOException {
            Files.writeString(directory.resolve("machines"), "b aarch64-linux\n@more\n");
            Files.writeString(directory.resolve("more"), "ssh-ng://c?lane=2\n");

            var settings = read(LEAST + "machinesFile: machines\n");

            assertThat(settings.machines()).extracting(Machine::name).containsExactly("a", "b", "c");
            assertThat(settings.machines().get(2).systems()).containsExactly("riscv64-linux");
            assertThat(settings.warnings())
                    .extracting(Fault::toString)
                    .containsExactly(directory.resolve("more") + ":1: store URI: unknown parameter lane is ignored");
        }

        @Test
        void mayBeInline() throws IOException {
            var settings = read("""
                    listen: {ssh: 127.0.0.1:2222}
                    machinesFile: |
                      b aarch64-linux
                      ssh-ng://c x86_64-linux
                    """);

            assertThat(settings.machines()).extracting(Machine::name).containsExactly("b", "c");
            assertThat(read("listen: {socket: /s}\nmachinesFile: ssh-ng://b\n").machines())
                    .hasSize(1);
            assertThat(read("listen: {socket: /s}\nmachinesFile: b - - 2\n").machines())
                    .hasSize(1);
        }

        private Settings reading(String machines) throws IOException {
            Files.writeString(directory.resolve("machines"), machines);
            return read(LEAST + "machinesFile: ./machines\n");
        }

        @Test
        void loseOnlyTheMachinesOfFaultyLines() throws IOException {
            var settings = reading("a\n\nb - - eight\nssh-ng://c?remote-store=/x\nd\n");

            assertThat(settings.machines()).extracting(Machine::name).containsExactly("a", "d");
            assertThat(settings.notUsed())
                    .extracting(Fault::toString)
                    .containsExactly(
                            directory + "/machines:3: max-jobs: 'eight' is not a whole number of 0 or more",
                            directory
                                    + "/machines:4: store URI: remote-store leads to another store on the machine than its"
                                    + " own",
                            directory
                                    + "/machines:1: store URI: the name 'a' is taken by the machine at dispatcher.yaml:3;"
                                    + " give one of them a `name` of its own");
            assertThat(settings.warnings()).isEmpty();
            assertThat(settings.remarks())
                    .extracting(Fault::message)
                    .hasSize(3)
                    .allSatisfy(message -> assertThat(message).endsWith("; this machine is not used"));
        }

        @Test
        void areAFaultIfNothingOfThemIsGood() throws IOException {
            Files.writeString(directory.resolve("machines"), "b - - eight\n");
            assertThat(faults(LEAST + "machinesFile: ./machines\n"))
                    .isEqualTo(directory + "/machines:1: max-jobs: 'eight' is not a whole number of 0 or more");
            assertThat(faults("""
                    listen: {socket: /s}
                    machinesFile: |

                      b - - eight
                    """))
                    .isEqualTo("dispatcher.yaml:4: max-jobs: 'eight' is not a whole number of 0 or more");
            for (var name : List.of("none", "'@none'", "'@ none'"))
                assertThat(faults(LEAST + "machinesFile: " + name + "\n"))
                        .isEqualTo("dispatcher.yaml:4: machinesFile: there is no file " + directory.resolve("none"));
        }

        @Test
        void areAFaultIfTheyHaveMoreMistakesThanAnyoneMakes() throws IOException {
            Files.writeString(directory.resolve("machines"), "good\n" + "b - - eight\n".repeat(60));
            assertThat(faults(LEAST + "machinesFile: ./machines\n").lines()).hasSize(50);
        }

        @Test
        void mayBeNamedAsNixNamesThem() throws IOException {
            Files.writeString(directory.resolve("machines"), "b\n");
            assertThat(read(LEAST + "machinesFile: '@machines'\n").machines()).hasSize(2);
        }

        @Test
        void nameKeysByPathsAsTheSettingsDo() throws IOException {
            assertThat(reading("b - ~/id\nc - keys/id\nd - /k/id\n").machines().stream()
                            .skip(1)
                            .map(machine -> machine.address().keyFile().orElseThrow()))
                    .containsExactly(directory.resolve("home/id"), directory.resolve("keys/id"), Path.of("/k/id"));
        }

        @Test
        void mayBeTheTomlOfLix() throws IOException {
            var settings = reading("""
                    version = 1

                    [machines.andesite] # a comment
                    uri = "ssh-ng://lix@andesite.lix.systems?port=2022"
                    system-types = ["i686-linux", "x86_64-linux"]
                    jobs = 8
                    speed-factor = 1.5
                    supported-features = ["kvm"]
                    mandatory-features = ["kvm"]
                    ssh-key = "/home/deepslate/.ssh/id_ed25519"
                    ssh-public-host-key = "%s root@andesite"

                    [machines."diorite"]
                    uri = "lix@diorite"

                    [machines.legacy]
                    uri = "ssh://nix@nix-15-11.nixos.org"
                    enable = false
                    """.formatted(HOST_KEY));

            assertThat(settings.warnings()).isEmpty();
            assertThat(settings.machines()).extracting(Machine::name).containsExactly("a", "andesite", "diorite");
            var andesite = settings.machines().get(1);
            assertThat(andesite.address())
                    .isEqualTo(new MachineAddress(
                            "andesite.lix.systems",
                            2022,
                            "lix",
                            Optional.of(Path.of("/home/deepslate/.ssh/id_ed25519")),
                            Optional.of(HOST_KEY),
                            reach(true, true)));
            assertThat(andesite.systems()).containsExactly("i686-linux", "x86_64-linux");
            assertThat(andesite.maxJobs()).isEqualTo(8);
            assertThat(andesite.speedFactor()).isEqualTo(1.5);
            assertThat(andesite.supportedFeatures()).containsExactly("kvm");
            assertThat(andesite.mandatoryFeatures()).containsExactly("kvm");
            assertThat(settings.machines().get(2).systems()).containsExactly("riscv64-linux");
        }

        @Test
        void inTomlLoseOnlyTheMachinesWithAFault() throws IOException {
            var settings = reading("""
                    [machines.b]
                    uri = "ssh://b"
                    [machines.c]
                    uri = "ssh://c"
                    jobs = "three"
                    [machines.d]
                    jobs = 3
                    machines.inner = 1
                    [machines.e]
                    uri = "ssh://e?remote-store=/x"
                    [machines.f]
                    uri = "ssh://f"
                    system-types = "x86_64-linux"
                    """);

            assertThat(settings.machines()).extracting(Machine::name).containsExactly("a", "b");
            assertThat(settings.notUsed())
                    .extracting(Fault::toString)
                    .containsExactlyInAnyOrder(
                            directory + "/machines:3: machines.c: jobs: \"three\" is no number",
                            directory + "/machines:6: machines.d: machines: unknown key",
                            directory
                                    + "/machines:9: store URI: remote-store leads to another store on the machine than its"
                                    + " own",
                            directory
                                    + "/machines:11: machines.f: system-types: \"x86_64-linux\" is no list such as [\"a\","
                                    + " \"b\"]");
        }

        @Test
        void inTomlAreAFaultIfTheyCannotBeRead() throws IOException {
            Files.writeString(directory.resolve("machines"), "[machines.b]\nuri = ssh://b\n");
            assertThat(faults(LEAST + "machinesFile: ./machines\n"))
                    .startsWith(directory + "/machines:2: TOML: cannot be read: ");
            Files.writeString(directory.resolve("machines"), "version = 2\n[machines.b]\nuri = \"b\"\n");
            assertThat(faults(LEAST + "machinesFile: ./machines\n"))
                    .isEqualTo(directory + "/machines:1: version: 2 is not 1, the only one that is known");
        }
    }

    @Nested
    class Faults {
        @Test
        void areToldAllAtOnce() throws IOException {
            assertThat(faults("""
                    lisen: {socket: /s}
                    listen:
                      sokcet: /s
                      ssh: nowhere
                    spool: 50GiB
                    hostStore: of
                    maxAttempts: 0
                    uplink: 20Mbit
                    timeouts:
                      connect: 10
                    machines:
                      - hostname: a
                        system: x86_64-linux,i686-linux
                      - hostName: nix@b
                        systems: x86_64-linux
                        protocol: shs
                      - just text
                      - hostName: c:22
                        system: x86_64-linux
                        maxJobs: -1
                        maxJobs: 2
                        speedFactor: fast
                        publicHostKey: AAAA
                        supportedFeatures: [kvm, [x], ""]
                        compress: ja
                        compres: yes
                    colour: blue
                    """)).isEqualTo("""
                    dispatcher.yaml:1: lisen: unknown key; did you mean 'listen'?
                    dispatcher.yaml:3: listen.sokcet: unknown key; did you mean 'socket'?
                    dispatcher.yaml:4: listen.ssh: 'nowhere' is no HOST:PORT; write e.g. 127.0.0.1:2222, 0.0.0.0:22 \
                    or [::1]:2222
                    dispatcher.yaml:5: spool: is text; it should be a group of keys
                    dispatcher.yaml:6: hostStore: 'of' is not auto, off or the path of a nix-daemon's socket
                    dispatcher.yaml:7: maxAttempts: '0' is not a whole number from 1 to 1000
                    dispatcher.yaml:8: uplink: '20Mbit' is no rate; write bytes per second with a unit, such as 20MiB/s
                    dispatcher.yaml:10: timeouts.connect: '10' is no duration; write a number with a unit, such as \
                    10s, 5m or 500ms
                    dispatcher.yaml:12: machines[0].hostName: is missing: name or address of the machine
                    dispatcher.yaml:12: machines[0].hostname: unknown key; did you mean 'hostName'?
                    dispatcher.yaml:13: machines[0].system: 'x86_64-linux,i686-linux' is several; list them in systems
                    dispatcher.yaml:14: machines[1].hostName: 'nix@b' is no host name or address; the user goes into \
                    `sshUser`
                    dispatcher.yaml:15: machines[1].systems: is text; it should be a list, such as [a, b]
                    dispatcher.yaml:16: machines[1].protocol: 'shs' is not one of ssh-ng, ssh, local; did you mean 'ssh'?
                    dispatcher.yaml:17: machines[2]: is text; it should be a group of keys
                    dispatcher.yaml:18: machines[3].hostName: 'c:22' is no host name or address; the port goes into \
                    `port`
                    dispatcher.yaml:20: machines[3].maxJobs: '-1' is not a whole number of 0 or more
                    dispatcher.yaml:21: machines[3].maxJobs: given twice; first on line 20
                    dispatcher.yaml:22: machines[3].speedFactor: 'fast' is not a number above 0
                    dispatcher.yaml:23: machines[3].publicHostKey: 'AAAA' is not a public host key: it is neither a \
                    line `<type> <key>` nor the base 64 of one
                    dispatcher.yaml:24: machines[3].supportedFeatures[1]: is a list; it should be a single value
                    dispatcher.yaml:24: machines[3].supportedFeatures[2]: is empty text; it should be a single value
                    dispatcher.yaml:25: machines[3].compress: 'ja' is not one of auto, yes, no
                    dispatcher.yaml:26: machines[3].compres: unknown key; did you mean 'compress'?
                    dispatcher.yaml:27: colour: unknown key; known here: authorizedKeys, buildLimits, clients, decline, hostKey, hostStore, limits, \
                    listen, machines, machinesFile, maxAttempts, otlp, publish, records, resources, schedule, secretKeyFile, spool, ssh, state, timeouts, \
                    trustedPublicKeys, uplink, web""");
        }

        @Test
        void areToldUpToFiftyOfThem() {
            assertThatThrownBy(() -> read("a: 1\n" + "a: 2\n".repeat(1000)))
                    .isInstanceOfSatisfying(SettingsException.class, e -> {
                        assertThat(e.faults()).hasSize(50);
                        assertThat(e.what())
                                .isEqualTo("there are more than 50 faults in the settings; these are some of them");
                    });
        }

        @Test
        void ofMergesNameTheListInAList() throws IOException {
            assertThat(faults(LEAST + "spool: {<<: [{size: 1GiB}, [{size: 2GiB}]]}\n"))
                    .endsWith("spool.<<: only a group of keys can be merged");
        }

        @Test
        void ofResourcesTellWhatGoesWithWhat() throws IOException {
            assertThat(faults(LEAST + """
                    resources:
                      - {take: {memory: 1GiB}}
                      - {builds: a, take: {memory: much, gpu: -1}}
                      - {builds: a, resource: gpu}
                      - {attribute: a, take: {gpu: 1}}
                    """)).isEqualTo("""
                    dispatcher.yaml:5: resources[0]: needs one of `builds`, a pattern for names of derivations, and \
                    `attribute`, the name of one
                    dispatcher.yaml:6: resources[1].take.memory: 'much' is no size; write a number with a unit, such as \
                    50GiB or 800MB
                    dispatcher.yaml:6: resources[1].take.gpu: '-1' is not a whole number
                    dispatcher.yaml:7: resources[2].take: is missing: what these builds take, e.g. {memory: 16GiB}
                    dispatcher.yaml:7: resources[2].resource: goes with `attribute`
                    dispatcher.yaml:8: resources[3].resource: is missing: what the attribute gives the amount of, e.g. memory
                    dispatcher.yaml:8: resources[3].take: goes with `builds`""");
        }

        @Test
        void neverRepeatASecret() throws IOException {
            var key = """
                    -----BEGIN OPENSSH PRIVATE KEY-----
                          c2VjcmV0c2VjcmV0
                          -----END OPENSSH PRIVATE KEY-----""";
            for (var place : List.of("sshKey", "publicHostKey", "hostName", "sshUser", "port")) {
                var text = faults("""
                        listen: {socket: /s}
                        machines:
                          - system: x86_64-linux
                            %s: |
                              %s
                        """.formatted(place, key));
                assertThat(text).contains("machines[0].%s: is a private key itself".formatted(place));
                assertThat(text).doesNotContain("c2Vj");
            }
            assertThat(faults(LEAST + "trustedPublicKeys: ['k:%s']".formatted("c2Vj".repeat(22))))
                    .doesNotContain("c2Vj");
        }

        @Test
        void includeLimitsThatNoBuildKeeps() throws IOException {
            assertThat(faults(LEAST + "buildLimits: {timeout: 0s, maxSilent: 10, maxLog: 0B, maxlog: 1MB}\n"))
                    .isEqualTo("""
                    dispatcher.yaml:4: buildLimits.timeout: '0s' should be above zero
                    dispatcher.yaml:4: buildLimits.maxSilent: '10' is no duration; write a number with a unit, such as \
                    10s, 5m or 500ms
                    dispatcher.yaml:4: buildLimits.maxLog: '0B' would stop every build; leave it away for no limit
                    dispatcher.yaml:4: buildLimits.maxlog: unknown key; did you mean 'maxLog'?""");
        }

        @Test
        void includeAnUplinkThatSendsNothing() throws IOException {
            assertThat(faults(LEAST + "uplink: 0B/s\nuplnk: 1MiB\n")).isEqualTo("""
                    dispatcher.yaml:4: uplink: '0B/s' would send nothing; leave it away for no limit
                    dispatcher.yaml:5: uplnk: unknown key; did you mean 'uplink'?""");
        }

        @Test
        void includeALoadThatNoMachineCouldKeepTo() throws IOException {
            assertThat(faults(LEAST + "schedule: {maxLoad: 0, minFreeDisk: 5}\n"))
                    .isEqualTo("""
                    dispatcher.yaml:4: schedule.minFreeDisk: '5' is no size; write a number with a unit, such as 50GiB or \
                    800MB
                    dispatcher.yaml:4: schedule.maxLoad: '0' is no load; write a number above 0, such as 1.5, or leave it \
                    away for no limit""");
        }

        @Test
        void includeAFactorForStragglersThatAllBuildsWouldBe() throws IOException {
            for (var factor : List.of("1", "0.5", "-3", "3x", "yes", "NaN", "99999"))
                assertThat(faults(LEAST + "schedule: {stragglers: %s}\n".formatted(factor)))
                        .isEqualTo("""
                                dispatcher.yaml:4: schedule.stragglers: '%s' is no factor; write a number above 1, such as 3, \
                                or no for no second attempts""".formatted(factor));
            assertThat(read(LEAST + "schedule: {stragglers: no}\n").stragglers())
                    .isEqualTo(Stragglers.OFF);
            assertThat(read(LEAST + "schedule: {stragglers: 3}\n").stragglers())
                    .isEqualTo(Stragglers.after(3, Duration.ofMinutes(1)));
            assertThat(faults(LEAST + "schedule: {stragglersAfter: 0s}\n"))
                    .isEqualTo("dispatcher.yaml:4: schedule.stragglersAfter: '0s' should be above zero");
        }

        @Test
        void ofNamesTellBothLines() throws IOException {
            assertThat(faults("""
                    listen: {socket: /s}
                    machines:
                      - {hostName: a, system: x86_64-linux}
                      - {hostName: b, system: x86_64-linux}
                      - {hostName: c, name: a, system: x86_64-linux}
                    """)).isEqualTo("""
                    dispatcher.yaml:5: machines[2].name: the name 'a' is taken by the machine at dispatcher.yaml:3; \
                    give one of them a `name` of its own""");
        }

        @Test
        void ofAnEmptyFileTellWhatIsNeeded() throws IOException {
            assertThat(faults("")).isEqualTo("""
                    dispatcher.yaml:1: listen: socket or ssh is needed, else no client can come in""");
            assertThat(faults("listen:\n  # socket: /s\nmachines: []\n")).isEqualTo("""
                    dispatcher.yaml:1: listen: socket or ssh is needed, else no client can come in""");
            assertThat(faults("listen: {socket: /s}\nmachines: []\n")).isEqualTo("""
                    dispatcher.yaml:2: machines: no machine is named, here or by machinesFile; at least one is needed""");
            assertThat(faults("listen: {socket: /s}\nmachines:\n - {system: x86_64-linux}\n"))
                    .isEqualTo("dispatcher.yaml:3: machines[0].hostName: is missing: name or address of the machine");
            assertThat(faults("listen: {socket: /s}\nmachines:\n - {hostName: a, systems: []}\n"))
                    .isEqualTo("dispatcher.yaml:3: machines[0].systems: names no system");
        }

        @Test
        void ofTheYamlItselfHaveALine() throws IOException {
            assertThat(faults("listen:\n  socket: [/s\nmachines: x\n")).startsWith("dispatcher.yaml:3: no YAML: ");
            assertThat(faults("a: b: c\n")).startsWith("dispatcher.yaml:1: no YAML: ");
            assertThat(faults("\tlisten: x\n")).startsWith("dispatcher.yaml:1: no YAML: ");
            assertThat(faults("- a\n")).startsWith("dispatcher.yaml:1: is a list; it should be a group of keys");
            assertThat(faults(LEAST + "---\nx: y\n"))
                    .isEqualTo("dispatcher.yaml:5: a second document begins here; settings are one");
            assertThat(faults(LEAST + "state: *nowhere\n")).startsWith("dispatcher.yaml:4: ");
        }

        @Test
        void includeASocketThatNoSystemTakes() throws IOException {
            var path = "/" + "x".repeat(110);

            assertThat(faults(LEAST.replace("/run/d.sock", path)))
                    .isEqualTo(
                            "dispatcher.yaml:1: listen.socket: %s has 111 bytes; the path of a unix socket can have"
                                    + " 103",
                            path);
        }
    }

    @Nested
    class PlaceOfTheState {
        private Path stateOf(String text) throws IOException {
            return SettingsFile.state(Files.writeString(directory.resolve("d.yaml"), text), surroundings());
        }

        @Test
        void isFoundWhateverElseIsWrong() throws IOException {
            assertThat(stateOf("listne: {}\nmachines: [{hostName: '', maxJobs: -1}]\nstate: here\n"))
                    .isEqualTo(directory.resolve("here"));
            assertThat(stateOf("state: ~/here\nmachines: [\n")).isEqualTo(directory.resolve("home/here"));
        }

        @Test
        void hasADefault() throws IOException {
            assertThat(stateOf("machines: [{state: there}]\n"))
                    .isEqualTo(read(LEAST).state());
            assertThat(stateOf("state:\n" + LEAST)).isEqualTo(read(LEAST).state());
        }

        @Test
        void isFoundByReadingAllWhereItIsSharedOrMerged() throws IOException {
            assertThat(stateOf("records: {keep: 1d}\n<<: {state: here}\n" + LEAST))
                    .isEqualTo(directory.resolve("here"));
            assertThat(stateOf("secretKeyFile: &k here\nstate: *k\n" + LEAST)).isEqualTo(directory.resolve("here"));
        }

        @Test
        void isAFaultWhereItCannotBeKnown() {
            assertThatThrownBy(() -> stateOf("state: [here]\n" + LEAST))
                    .isInstanceOfSatisfying(
                            SettingsException.class,
                            e -> assertThat(e.faults()).extracting(Fault::key).containsExactly("state"));
            assertThatThrownBy(() -> stateOf("machines: [\n")).isInstanceOf(SettingsException.class);
            assertThatThrownBy(() -> stateOf("state: \"a\\0b\"\n" + LEAST)).isInstanceOf(SettingsException.class);
        }
    }

    @Nested
    class Search {
        private final Path systemWide = Path.of("etc/dispatcher.yaml");

        @Test
        void takesTheFirstPlaceThatThereIs() throws IOException {
            var etc = directory.resolve(systemWide);
            Files.createDirectories(etc.resolveSibling("x").getParent());
            Files.writeString(etc, LEAST.replace("hostName: a", "hostName: system"));
            assertThat(found(surroundings(), etc)).isEqualTo("system");

            Files.writeString(directory.resolve("dispatcher.yaml"), LEAST.replace("hostName: a", "hostName: current"));
            assertThat(found(surroundings(), etc)).isEqualTo("current");

            Files.writeString(directory.resolve("env.yaml"), LEAST.replace("hostName: a", "hostName: variable"));
            assertThat(found(surroundings("env.yaml"), etc)).isEqualTo("variable");
            assertThat(SettingsFile.state(surroundings("env.yaml"), etc, Path.of("/nowhere/machines")))
                    .isEqualTo(read(LEAST).state());
        }

        private String found(Surroundings surroundings, Path etc) {
            return SettingsFile.load(surroundings, etc, Path.of("/nowhere/machines"))
                    .machines()
                    .getFirst()
                    .name();
        }

        @Test
        void namesAllPlacesWhereNothingWas() {
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> SettingsFile.load(
                            surroundings(), Path.of("/nowhere/dispatcher.yaml"), Path.of("/nowhere/machines")))
                    .satisfies(e -> assertThat(e.what()).isEqualTo("there is no settings file"))
                    .satisfies(e -> assertThat(e.why())
                            .isEqualTo(
                                    "looked for --config (not given), $DISPATCHER_CONFIG (not set), %s,"
                                            + " /nowhere/dispatcher.yaml; nor is there a machine in /nowhere/machines",
                                    directory.resolve("dispatcher.yaml")))
                    .satisfies(e -> assertThat(e.next())
                            .isEqualTo("copy config/dispatcher.example.yaml to one of these places and edit it, or name"
                                    + " a file with --config; or begin with one machine and no settings: `dispatcher"
                                    + " machine add --persist USER@HOST`"));
        }

        @Test
        void takesTheMachinesOfNixWhereThereIsNoFile() throws IOException {
            var machines = Files.writeString(directory.resolve("machines"), "ssh-ng://nix@arm aarch64-linux - 4");

            var settings = SettingsFile.load(surroundings(), Path.of("/nowhere/dispatcher.yaml"), machines);

            assertThat(settings.isWritten()).isFalse();
            assertThat(settings.machines()).extracting(Machine::name).containsExactly("arm");
            assertThat(settings.state()).isEqualTo(directory.resolve("home/.local/state/dispatcher"));
            assertThat(SettingsFile.state(surroundings(), Path.of("/nowhere/dispatcher.yaml"), machines))
                    .isEqualTo(settings.state());
            assertThat(settings.listen().socket()).contains(settings.state().resolve("dispatcher.sock"));
            assertThat(settings.files()).contains(machines).doesNotContain(settings.file());
        }

        @Test
        void takesTheFilesOfMachinesWhereThereIsNoFile() throws IOException {
            var place = directory.resolve("home/.config/dispatcher/machines.d");
            Files.createDirectories(place);
            Files.writeString(place.resolve("a.yaml"), "hostName: a\n");

            var settings = SettingsFile.load(surroundings(), Path.of("/nowhere/d.yaml"), Path.of("/nowhere/machines"));

            assertThat(settings.machines()).extracting(Machine::name).containsExactly("a");
        }

        @Test
        void ofANamedFileGoesNoFurther() throws IOException {
            Files.writeString(directory.resolve("dispatcher.yaml"), LEAST);

            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> SettingsFile.load(surroundings("other.yaml")))
                    .withMessage("cannot read the settings: there is no file " + directory.resolve("other.yaml"));
        }
    }

    private Settings read(String yaml) throws IOException {
        var file = directory.resolve("dispatcher.yaml");
        Files.writeString(file, yaml);
        return SettingsFile.load(file, surroundings());
    }

    private String faults(String yaml) throws IOException {
        Files.writeString(directory.resolve("dispatcher.yaml"), yaml);
        var exception = catchThrowableOfType(
                SettingsException.class, () -> SettingsFile.load(Path.of("dispatcher.yaml"), surroundings()));
        assertThat(exception).isNotNull();
        return exception.faults().stream().map(Fault::toString).collect(Collectors.joining("\n"));
    }

    private Surroundings surroundings() {
        return surroundings("");
    }

    private Surroundings surroundings(String variable) {
        return new Surroundings(
                directory, directory.resolve("home"), "me", "riscv64-linux", Map.of("DISPATCHER_CONFIG", variable));
    }
}
