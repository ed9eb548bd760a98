package dispatcher.cli.ping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.BooleanNode;
import dispatcher.cli.api.ApiJson;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryConnection;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine.Help.Ansi;

class PingerTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @Test
    void aGoodMachineIsFoundGood() throws InterruptedException {
        var machine = machine("a", MachineProtocol.SSH_NG, Set.of("aarch64-linux"), Set.of("big-parallel"));
        var fake = new FakeMachine();
        fake.facts = FakeMachine.ANSWER;

        var answer = ping(machine, fake, LONG);

        assertThat(answer.problems()).isEmpty();
        assertThat(answer).isInstanceOfSatisfying(Answer.Reached.class, reached -> {
            assertThat(reached.nixVersion()).contains("2.99");
            assertThat(reached.trusted()).contains(true);
            assertThat(reached.protocol()).hasToString("1.38");
        });
    }

    @Test
    void overTheServeProtocolTheMachineTellsWhatNixDoesNot() throws InterruptedException {
        var machine = machine("a", MachineProtocol.SSH, Set.of("aarch64-linux"), Set.of());
        var fake = new FakeMachine();
        fake.facts = FakeMachine.ANSWER.replace("@builders", "somebody");

        assertThat(ping(machine, fake, LONG)).isInstanceOfSatisfying(Answer.Reached.class, reached -> {
            assertThat(reached.nixVersion()).contains("2.31.1");
            assertThat(reached.protocol()).hasToString("2.8");
            assertThat(reached.trusted()).contains(false);
            assertThat(reached.problems())
                    .containsExactly(new Problem(
                            "not trusted",
                            "its Nix does not trust the user nix, and takes no inputs from it",
                            "add nix to trusted-users in its nix.conf and restart its nix-daemon"));
        });
    }

    @Test
    void claimsThatAreNotTrueAreProblems() throws InterruptedException {
        var machine = machine("a", MachineProtocol.SSH_NG, Set.of("x86_64-linux", "aarch64-linux"), Set.of("kvm"));
        var fake = new FakeMachine();
        fake.facts = FakeMachine.ANSWER.replace("21000000 ", "    2048 ");

        assertThat(ping(machine, fake, LONG).problems())
                .containsExactly(
                        new Problem(
                                "wrong claim",
                                "the settings say that it builds for x86_64-linux; its Nix builds for aarch64-linux,"
                                        + " armv7l-linux",
                                "take x86_64-linux out of its systems, or add it to extra-platforms in its nix.conf"),
                        new Problem(
                                "wrong claim",
                                "the settings say that it has kvm; its Nix has benchmark, big-parallel, nixos-test",
                                "take kvm out of its features, or add it to system-features in its nix.conf"),
                        new Problem(
                                "disk full",
                                "2 MiB are free for its store",
                                "run `nix-collect-garbage` there, or give it a larger disk"));
    }

    @Test
    void aMachineWhoseNixStartsNoBuildsIsAProblem() throws InterruptedException {
        var machine = machine("a", MachineProtocol.SSH_NG, Set.of("aarch64-linux"), Set.of());
        var fake = new FakeMachine();
        fake.facts = FakeMachine.ANSWER.replace("@@dispatcher-config\n", "@@dispatcher-config\nmax-jobs = 0\n");

        assertThat(ping(machine, fake, LONG).problems())
                .containsExactly(new Problem(
                        "starts no builds",
                        "max-jobs is 0 in its nix.conf",
                        "set max-jobs there to 4, as the settings have it, or more"));
    }

    @Test
    void aMachineThatTellsNothingIsNoWorseForIt() throws InterruptedException {
        var answer = ping(machine("a"), new FakeMachine(), LONG);

        assertThat(answer.problems()).isEmpty();
    }

    @Test
    void everyKindOfFailureHasItsVerdict() throws InterruptedException {
        var verdicts = new TreeSet<String>();
        for (var kind : UnreachableException.Kind.values()) {
            var fake = new FakeMachine() {
                @Override
                public CommandChannel open(String command) throws IOException {
                    throw new UnreachableException(kind, "it happened", "do something");
                }
            };

            var problem = ping(machine("a"), fake, LONG).problems().getFirst();

            verdicts.add(problem.verdict());
            assertThat(problem.why()).isEqualTo("it happened");
            assertThat(problem.next()).isEqualTo("do something");
        }
        assertThat(verdicts).hasSameSizeAs(UnreachableException.Kind.values());
    }

    @Test
    void withoutNixItIsSaid() throws InterruptedException {
        var fake = new FakeMachine() {
            @Override
            int daemon(MemoryConnection streams) throws IOException {
                streams.err().write("bash: nix-daemon: command not found\n".getBytes(StandardCharsets.UTF_8));
                return 127;
            }
        };

        assertThat(ping(machine("a"), fake, LONG).problems().getFirst().verdict())
                .isEqualTo("no Nix");
    }

    @Test
    void noiseBeforeTheProtocolIsSaid() throws InterruptedException {
        var fake = new FakeMachine() {
            @Override
            int daemon(MemoryConnection streams) throws IOException, InterruptedException {
                write(streams, "Welcome to arm-1! You have mail.\n");
                return super.daemon(streams);
            }
        };

        var problem = ping(machine("a"), fake, LONG).problems().getFirst();
        assertThat(problem.verdict()).isEqualTo("noise");
        assertThat(problem.why()).contains("Welcome to arm-1! You have mail.");
    }

    @ParameterizedTest
    @EnumSource
    void aStoreElsewhereIsSaid(MachineProtocol protocol) throws InterruptedException {
        var probe = StorePath.of("0".repeat(32), "dispatcher-probe");
        var fake = new FakeMachine() {
            @Override
            FakeStore store() {
                return new FakeStore()
                        .refusing(probe, "path '/nix/store/%s' is not in the Nix store".formatted(probe.baseName()));
            }
        };

        var problem = ping(machine("a", protocol, Set.of("x86_64-linux"), Set.of()), fake, LONG)
                .problems()
                .getFirst();
        assertThat(problem.verdict()).isEqualTo("other store");
        assertThat(problem.why()).startsWith("the store of a is not in /nix/store");
        assertThat(problem.next()).contains("`store` in its nix.conf");
    }

    @Test
    void silenceIsCutShort() throws InterruptedException {
        var fake = new FakeMachine() {
            @Override
            int daemon(MemoryConnection streams) throws IOException {
                streams.in().readAllBytes();
                return 0;
            }
        };

        assertThat(ping(machine("a"), fake, Duration.ofMillis(50)).problems())
                .containsExactly(new Problem(
                        "timed out",
                        "'nix-daemon --stdio' on nix@a gave no answer within 50 ms",
                        "log in there and see whether its nix-daemon answers"));
    }

    @Test
    @Tag("slow")
    void aSilentShellCostsOnlyWhatItWouldHaveTold() throws InterruptedException {
        var fake = new FakeMachine() {
            @Override
            int shell(MemoryConnection streams) throws IOException, InterruptedException {
                new CountDownLatch(1).await(10, TimeUnit.SECONDS);
                return 0;
            }
        };

        assertThat(ping(machine("a"), fake, Duration.ofSeconds(5)))
                .isInstanceOfSatisfying(
                        Answer.Reached.class,
                        reached -> assertThat(reached.offered()).isEqualTo(MachineDescription.NOTHING));
    }

    @Test
    void allMachinesAreReachedAtOnce() throws InterruptedException {
        var machines = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j").stream()
                .map(PingerTest::machine)
                .toList();
        var together = new CountDownLatch(machines.size());

        var answers = new Pinger(
                        machine -> new FakeMachine() {
                            @Override
                            public CommandChannel open(String command) throws IOException, InterruptedException {
                                together.countDown();
                                assertThat(together.await(30, TimeUnit.SECONDS)).isTrue();
                                return super.open(command);
                            }
                        },
                        LONG)
                .ping(machines);

        assertThat(answers).extracting(Answer::machine).isEqualTo(machines);
        assertThat(new PingReport(answers).allWell()).isTrue();
    }

    /// It is no fault of a machine that it is off until a build goes there, or that only the dispatcher reaches it.
    @Test
    void aMachineThatIsLeftAloneIsShownAndNoProblem() throws InterruptedException {
        var report =
                new PingReport(new Pinger(_ -> new FakeMachine(), LONG, _ -> true).ping(List.of(machine("sleeper"))));

        assertThat(report.allWell()).isTrue();
        assertThat(report.lines(Ansi.OFF))
                .anyMatch(line -> line.startsWith("sleeper  off "))
                .contains("  next:  start it to see whether it works: `dispatcher ping --start sleeper`");
        var sleeper =
                Json.parse(ApiJson.show(PingJson.of(report))).path("machines").path(0);
        assertThat(sleeper.path("ok")).isSameAs(BooleanNode.TRUE);
        assertThat(sleeper.path("reached")).isSameAs(BooleanNode.FALSE);
        assertThat(sleeper.path("leftAlone").path("verdict").asText()).isEqualTo("off");
    }

    @Test
    void theReportShowsAllThatIsKnown() throws InterruptedException {
        SequencedMap<Machine, Transport> fleet = new LinkedHashMap<>();
        var good = new FakeMachine();
        good.facts = FakeMachine.ANSWER;
        fleet.put(machine("arm", MachineProtocol.SSH_NG, Set.of("aarch64-linux"), Set.of("big-parallel", "kvm")), good);
        fleet.put(machine("quiet"), new FakeMachine());
        fleet.put(machine("gone"), new FakeMachine() {
            @Override
            public CommandChannel open(String command) throws IOException {
                throw new UnreachableException(
                        UnreachableException.Kind.REFUSED, "gone port 22 refused the connection", "start sshd there");
            }
        });

        var report = new PingReport(
                new Pinger(machine -> Objects.requireNonNull(fleet.get(machine)), LONG).ping(fleet.keySet()));

        assertThat(report.allWell()).isFalse();
        assertThat(report.lines(Ansi.OFF).stream()
                        .map(line -> line.replaceAll("\\d+ ms {2,}", "N ms ").replaceAll(" {2,}", "  "))
                        .collect(Collectors.joining("\n")))
                .isEqualTo("""
                        MACHINE  VERDICT  CONNECT  HANDSHAKE  NIX  TRUSTED  CORES  FREE  SYSTEMS  FEATURES
                        arm  wrong claim  N ms N ms 2.99  yes  8 for 4 jobs  20 GiB  aarch64-linux,+armv7l-linux  \
                        big-parallel,!kvm,+benchmark,+nixos-test
                        quiet  ok  N ms N ms 2.99  yes  ? for 4 jobs  ?  x86_64-linux ?  -
                        gone  refused  -  -  -  -  -  -  x86_64-linux ?  -

                        ! claimed by the settings, and not offered by the machine
                        + offered by the machine, and not claimed by the settings
                        ? the machine did not say; what the settings say is shown

                        arm (ssh-ng://nix@arm): wrong claim
                          cause: the settings say that it has kvm; its Nix has benchmark, big-parallel, nixos-test
                          next:  take kvm out of its features, or add it to system-features in its nix.conf

                        gone (ssh-ng://nix@gone): refused
                          cause: gone port 22 refused the connection
                          next:  start sshd there""");
        assertThat(String.join("\n", report.lines(Ansi.ON)).replaceAll("\u001b\\[\\d+m", ""))
                .isEqualTo(String.join("\n", report.lines(Ansi.OFF)));
        var json = Json.parse(ApiJson.show(PingJson.of(report)));
        assertThat(json.path("ok")).isSameAs(BooleanNode.FALSE);
        assertThat(json.path("machines")).hasSize(3);
        var gone = json.path("machines").path(2);
        assertThat(gone.path("reached")).isSameAs(BooleanNode.FALSE);
        assertThat(Json.print(gone.path("problems"))).isEqualTo("""
                [{"cause":"gone port 22 refused the connection","next":"start sshd there","verdict":"refused"}]""");
        assertThat(gone.propertyStream().map(Map.Entry::getKey))
                .containsExactly("address", "claimed", "name", "ok", "problems", "protocol", "reached");
        assertThat(json.path("machines")
                        .path(1)
                        .path("offered")
                        .propertyStream()
                        .map(Map.Entry::getKey))
                .doesNotContain("systems", "cores");
    }

    private static Answer ping(Machine machine, Transport transport, Duration limit) throws InterruptedException {
        return new Pinger(asked -> transport, limit).ping(List.of(machine)).getFirst();
    }

    private static Machine machine(String name) {
        return machine(name, MachineProtocol.SSH_NG, Set.of("x86_64-linux"), Set.of());
    }

    private static Machine machine(
            String name, MachineProtocol protocol, Set<String> systems, Set<String> supportedFeatures) {
        return new Machine(
                name,
                new MachineAddress(name, 22, "nix", Optional.empty(), Optional.empty()),
                protocol,
                new TreeSet<>(systems),
                4,
                1,
                new TreeSet<>(supportedFeatures),
                new TreeSet<>());
    }
}
