package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.schedule.policy.Refused;
import dispatcher.store.verify.OutputCheck;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Machines whose own settings keep them from builds that the dispatcher's settings send them.
abstract class UnfitMachinesContract implements FleetParts {
    private static final BuildResult NO_JOBS = BuildResult.of(
            BuildStatus.MISC_FAILURE,
            "unable to start any build; either increase '--max-jobs' or enable remote builds.");
    private static final BuildResult NO_KVM = BuildResult.of(
            BuildStatus.INPUT_REJECTED,
            "a 'x86_64-linux' with features {kvm} is required to build 'x.drv', but I am a 'x86_64-linux' with features {}");

    @TempDir
    private Path temp;

    private FakeMachine machine(String name, double speed) {
        return fake(Machines.machine(name, 4, speed, List.of("kvm"), List.of()));
    }

    @Override
    public final TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool"));
    }

    private static List<Refused> refused(TestFleet fleet, FakeMachine machine) {
        return fleet.queue().snapshot().machines().stream()
                .filter(view -> view.machine().name().equals(machine.name()))
                .findFirst()
                .orElseThrow()
                .facts()
                .refused();
    }

    @Test
    void machineThatStartsNoBuildsFailsNone() throws Exception {
        var a = machine("a", 10).answering(NO_JOBS);
        var b = machine("b", 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            for (int i = 0; i < 16; i++)
                assertThat(client.build(drv("x" + i)).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(a.built()).as("asked of a").hasSize(1);
            assertThat(b.built()).hasSize(16);
            assertThat(refused(fleet, a)).singleElement().satisfies(refused -> {
                assertThat(refused.need()).isEqualTo("builds");
                assertThat(refused.reason()).contains("max-jobs in its nix.conf", "unable to start any build");
            });
            assertThat(fleet.events().starting("refuses a builds for 1 min")).hasSize(1);
            assertThat(fleet.events().starting("aside")).isEmpty();
            assertThat(client.log().notes()).as("what the client hears").noneMatch(note -> note.contains("max-jobs"));
        }
    }

    @Test
    void refusalCountsForBuildsWithTheSameNeedOnly() throws Exception {
        var a = machine("a", 10);
        a.building((drvPath, derivation, options, log) ->
                drvPath.derivationName().startsWith("kvm") ? NO_KVM : a.makeOutputs(drvPath, derivation, options, log));
        var b = machine("b", 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            for (int i = 0; i < 3; i++) {
                assertThat(client.build(drv("kvm" + i).requiring("kvm")).status())
                        .isEqualTo(BuildStatus.BUILT);
                assertThat(client.build(drv("x" + i)).status()).isEqualTo(BuildStatus.BUILT);
            }

            assertThat(b.built()).containsExactly(path("kvm0"), path("kvm1"), path("kvm2"));
            assertThat(a.built()).containsExactly(path("kvm0"), path("x0"), path("x1"), path("x2"));
            assertThat(refused(fleet, a)).extracting(Refused::need).containsExactly("builds for x86_64-linux with kvm");
        }
    }

    private static StorePath path(String name) {
        return FakeStore.path(name + ".drv");
    }

    @Test
    void clientIsToldMachineAndSettingIfNoneIsLeft() throws Exception {
        var a = machine("a", 10).answering(NO_JOBS);
        var b = machine("b", 1)
                .answering(BuildResult.of(
                        BuildStatus.MISC_FAILURE,
                        "derivation 'x.drv' has '__noChroot' set, but that's not allowed when 'sandbox' is 'true'"));
        try (var fleet = plan().start(a, b)) {
            var result = client(fleet).build(drv("x").with("__noChroot", "1"));

            assertThat(result.isSuccess()).isFalse();
            assertThat(result.message())
                    .contains(
                            "the own settings of all machines for it keep them from that; this is no fault of the build",
                            "a: it refuses that by max-jobs in its nix.conf: unable to start any build",
                            "b: it refuses that by sandbox in its nix.conf: derivation 'x.drv' has '__noChroot' set");
        }
    }

    @Test
    void failureOnTheOnlyMachineThatMayDoItIsTheBuildsOwn() throws Exception {
        var a = machine("a", 10).answering(NO_JOBS);
        var b = machine("b", 1)
                .answering(
                        BuildResult.of(BuildStatus.PERMANENT_FAILURE, "builder for 'x.drv' failed with exit code 1"));
        try (var fleet = plan().start(a, b)) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
            assertThat(result.message()).contains("exit code 1").doesNotContain("max-jobs");
        }
    }

    @Test
    void machineIsAskedAgainLaterEachTimeUntilItTakesSuchABuild() throws Exception {
        var a = machine("a", 10).answering(NO_JOBS);
        var b = machine("b", 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            client.build(drv("x0"));
            fleet.clock().advance(Duration.ofSeconds(61));
            client.build(drv("x1"));
            assertThat(a.built()).containsExactly(path("x0"), path("x1"));
            fleet.clock().advance(Duration.ofSeconds(61));
            client.build(drv("x2"));
            assertThat(a.built()).as("not within two minutes").hasSize(2);
            assertThat(fleet.events().starting("refuses a builds for 2 min")).hasSize(1);

            a.building(a::makeOutputs);
            fleet.clock().advance(Duration.ofSeconds(61));
            client.build(drv("x3"));
            client.build(drv("x4"));

            assertThat(a.built()).containsExactly(path("x0"), path("x1"), path("x3"), path("x4"));
            assertThat(refused(fleet, a)).isEmpty();
            assertThat(fleet.events().starting("refuses no longer a builds")).hasSize(1);
        }
    }

    @Test
    void refusalOfAKeptConversationIsAskedAgainInANewOne() throws Exception {
        var a = machine("a", 1);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);
            client.leave();
            int kept = a.opened();
            // What began before has the settings that there were then.
            a.building((drvPath, derivation, options, log) ->
                    a.opened() == kept ? NO_JOBS : a.makeOutputs(drvPath, derivation, options, log));

            assertThat(client(fleet).build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(a.opened()).isEqualTo(kept + 1);
            assertThat(a.built()).containsExactly(path("x"), path("y"), path("y"));
            assertThat(refused(fleet, a)).isEmpty();
            assertThat(fleet.events().starting("refuses")).isEmpty();
        }
    }

    @Test
    void onlyMachineIsAskedByEachBuild() throws Exception {
        var a = machine("a", 1).answering(NO_JOBS);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isFalse();
            a.building(a::makeOutputs);

            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(refused(fleet, a)).isEmpty();
        }
    }

    @Test
    void machineThatOnlyHadTheOutputRefusesStill() throws Exception {
        var a = machine("a", 10).answering(NO_JOBS);
        var b = machine("b", 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            client.build(drv("x0"));
            a.building((drvPath, derivation, options, log) -> {
                a.makeOutputs(drvPath, derivation, options, log);
                return BuildResult.of(BuildStatus.ALREADY_VALID, "");
            });
            fleet.clock().advance(Duration.ofSeconds(61));
            assertThat(client.build(drv("x1")).isSuccess()).isTrue();

            assertThat(a.built()).containsExactly(path("x0"), path("x1"));
            assertThat(refused(fleet, a)).hasSize(1);
        }
    }

    @Test
    void refusalIsForgottenWithTheSettingsOfTheMachine() throws Exception {
        var a = machine("a", 10).answering(NO_JOBS);
        var b = machine("b", 1);
        try (var fleet = plan().start(a, b)) {
            client(fleet).build(drv("x"));
            assertThat(refused(fleet, a)).hasSize(1);

            fleet.replaceMachines(machine("a", 20), b);

            assertThat(refused(fleet, a)).isEmpty();
        }
    }

    // ---- recursive-nix

    private FakeMachine recursive(String name, double speed) {
        return fake(Machines.machine(name, 4, speed, List.of("recursive-nix"), List.of()));
    }

    /// Builds outputs that refer to these paths.
    private static void referring(FakeMachine machine, StorePath... to) {
        machine.building((_, derivation, _, _) -> {
            var out = derivation.outputs().values().iterator().next().path().orElseThrow();
            put(machine, out, to);
            return BuildResult.of(BuildStatus.BUILT, "");
        });
    }

    private static void put(FakeMachine machine, StorePath path, StorePath... references) {
        var tree = NarTree.file("content of " + path);
        machine.store().with(PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of(references)), tree);
    }

    @Test
    void whatABuildHadBuiltComesWithItsOutputs() throws Exception {
        var a = recursive("a", 10);
        var made = FakeStore.path("made-in-build");
        var deeper = FakeStore.path("made-for-that");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var input = client.upload("input");
            put(a, deeper, deeper, input);
            put(a, made, deeper);
            put(a, FakeStore.path("unrelated"));
            referring(a, made, input);
            var x = drv("x", input).requiring("recursive-nix");

            assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(client.store().queryPathInfo(x.out()).orElseThrow().references())
                    .containsExactlyInAnyOrder(made, input);
            assertThat(client.store().queryValidPaths(List.of(made, deeper, FakeStore.path("unrelated")), false))
                    .containsExactlyInAnyOrder(made, deeper);
            assertThat(client.store().queryPathInfo(made).orElseThrow().references())
                    .containsExactly(deeper);
            for (var path : List.of(x.out(), made, deeper))
                assertThat(client.fetch(path)).isEqualTo(NarTree.file("content of " + path));
            assertThat(client.notes()).singleElement().asString().contains("refer to 2 paths", "nix copy --from");
            assertThat(fleet.events().starting("aside")).isEmpty();
        }
    }

    @Test
    void machineThatDoesNotHaveWhatItsOutputsReferToHasLied() throws Exception {
        var a = recursive("a", 10);
        referring(a, FakeStore.path("made-in-build"));
        var b = recursive("b", 1);
        try (var fleet = plan().start(a, b)) {
            assertThat(client(fleet).build(drv("x").requiring("recursive-nix")).status())
                    .isEqualTo(BuildStatus.BUILT);

            assertThat(b.built()).hasSize(1);
            assertThat(fleet.events().starting("aside a")).hasSize(1);
        }
    }

    @Test
    void outputThatRefersToMoreThanABuildMayHaveBuiltFailsThatBuildOnly() throws Exception {
        var a = recursive("a", 10);
        var made = IntStream.rangeClosed(0, OutputCheck.MOST_MADE)
                .mapToObj(i -> FakeStore.path("made" + i))
                .toArray(StorePath[]::new);
        referring(a, made);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var result = client.build(drv("x").requiring("recursive-nix"));

            assertThat(result.status()).isEqualTo(BuildStatus.OUTPUT_REJECTED);
            assertThat(result.message()).contains("more than 20000 paths", "machine a", "recursive-nix");
            assertThat(a.built()).hasSize(1);
            assertThat(fleet.events().starting("aside")).isEmpty();
            a.building(a::makeOutputs);
            assertThat(client.build(drv("y").requiring("recursive-nix")).status())
                    .isEqualTo(BuildStatus.BUILT);
        }
    }

    // ---- fixed outputs that refer to store paths

    private static TestFleet.Drv fixed(String name) {
        var nar = NarTree.file(name);
        var hash = new Hash(HashAlgorithm.SHA256, nar.narHash().bytes());
        return drv(name)
                .with(new DerivationOutput.Fixed(
                        StorePaths.fixedOutput(StoreDir.NIX_STORE, name, Method.NAR, hash),
                        new MethodAlgorithm(Method.NAR, HashAlgorithm.SHA256),
                        hash));
    }

    private FakeMachine[] machines(UnaryOperator<FakeMachine> as) {
        return Stream.of("a", "b", "c").map(name -> as.apply(machine(name, 1))).toArray(FakeMachine[]::new);
    }

    private static int asked(FakeMachine... machines) {
        return Stream.of(machines).mapToInt(machine -> machine.built().size()).sum();
    }

    @Test
    void fixedOutputThatIsNotValidAfterItsBuildFailsThatBuildOnly() throws Exception {
        var machines = machines(machine -> machine.answering(BuildResult.of(BuildStatus.BUILT, "")));
        try (var fleet = plan().start(machines)) {
            var client = client(fleet);
            var result = client.build(fixed("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.OUTPUT_REJECTED);
            assertThat(result.message())
                    .contains(
                            "a fixed output must not refer to store paths",
                            "it says that it built ",
                            "not valid there");
            assertThat(asked(machines)).as("attempts").isEqualTo(2);
            assertThat(fleet.events().starting("aside")).isEmpty();
            for (var machine : machines) machine.building(machine::makeOutputs);
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    void fixedOutputThatAMachineHasAtAnotherPathFailsThatBuildOnly() throws Exception {
        var elsewhere = BuildResult.of(BuildStatus.BUILT, "")
                .withOutputs(new TreeMap<>(Map.of("out", Realisation.ofOutput("out", FakeStore.path("x")))));
        var machines = machines(machine -> machine.answering(elsewhere));
        try (var fleet = plan().start(machines)) {
            var result = client(fleet).build(fixed("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.OUTPUT_REJECTED);
            assertThat(result.message()).contains("a fixed output must not refer to store paths");
            assertThat(asked(machines)).as("attempts").isEqualTo(2);
            assertThat(fleet.events().starting("aside")).isEmpty();
        }
    }

    @Test
    void fixedOutputThatEndsTheMachinesNixFailsThatBuildOnly() throws Exception {
        var machines = machines(machine -> machine.building((_, _, _, _) -> {
            machine.restart();
            throw new IOException("an assertion failed");
        }));
        try (var fleet = plan().start(machines)) {
            var client = client(fleet);
            var result = client.build(fixed("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message())
                    .contains("perhaps its fixed output refers to store paths", "its Nix ended in mid-build");
            assertThat(asked(machines)).as("attempts").isEqualTo(3);
            assertThat(fleet.events().starting("aside")).isEmpty();
        }
    }

    @Test
    void fixedOutputThatAMachineHasWithReferencesIsNoLie() throws Exception {
        var x = fixed("x");
        var machines = machines(machine -> machine.building((_, _, _, _) -> {
            var tree = NarTree.file("x");
            machine.store().with(PathInfo.of(x.out(), tree.narHash(), tree.toNar().length, List.of(x.out())), tree);
            return BuildResult.of(BuildStatus.BUILT, "");
        }));
        try (var fleet = plan().start(machines)) {
            var result = client(fleet).build(x);

            assertThat(result.status()).isEqualTo(BuildStatus.OUTPUT_REJECTED);
            assertThat(result.message()).contains("which refers to " + x.out());
            assertThat(fleet.events().starting("aside")).isEmpty();
        }
    }

    @Test
    void machineThatClaimsAFixedOutputWhichAnotherThenMakesHasLied() throws Exception {
        var liar = machine("liar", 10).answering(BuildResult.of(BuildStatus.BUILT, ""));
        var honest = machine("honest", 1);
        honest.building((drvPath, derivation, _, _) -> {
            var tree = NarTree.file("x");
            var out = derivation.outputs().values().iterator().next().path().orElseThrow();
            honest.store().with(PathInfo.of(out, tree.narHash(), tree.toNar().length, List.of()), tree);
            return BuildResult.of(BuildStatus.BUILT, "");
        });
        try (var fleet = plan().start(liar, honest)) {
            assertThat(client(fleet).build(fixed("x")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("aside")).containsExactly("aside liar");
        }
    }
}
