package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePaths;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Outputs whose paths follow from their content, from machines that hand out something else.
@Timeout(120)
class AddressedOutputsTest {
    private static final String LARGE = "x".repeat(200_000);

    @TempDir
    private Path temp;

    static Stream<Arguments> methods() {
        return Stream.concat(otherMethods(), combined("r:sha256"));
    }

    /// But that whose hash is in the output's path info already, so that a large output is found wrong sooner.
    static Stream<Arguments> otherMethods() {
        return Stream.of("sha256", "sha1", "md5", "sha512", "r:sha1", "r:md5", "r:sha512", "text:sha256")
                .flatMap(AddressedOutputsTest::combined);
    }

    private static Stream<Arguments> combined(String method) {
        return Stream.of(MachineProtocol.values()).map(protocol -> Arguments.of(method, protocol));
    }

    private static DerivationOutput fixed(String method, NarTree.File content) {
        var parsed = MethodAlgorithm.parseDerivation(method);
        var digest = parsed.algorithm().newDigest();
        digest.update(
                parsed.method() == Method.NAR
                        ? content.toNar()
                        : content.contents().toByteArray());
        var hash = new Hash(parsed.algorithm(), ByteString.wrap(digest.digest()));
        var path = StorePaths.fixedOutput(StoreDir.NIX_STORE, "x", parsed.method(), hash);
        return new DerivationOutput.Fixed(path, parsed, hash);
    }

    /// A machine whose builds make this, and whose infos lack the content address, like those from a cache.
    private static FakeMachine making(String name, double speed, MachineProtocol protocol, NarTree tree) {
        var machine = new FakeMachine(Machines.machine(name, 2, speed));
        var made = protocol == MachineProtocol.SSH ? machine.overServe() : machine;
        return made.building((drvPath, derivation, options, log) -> {
            var path = derivation.outputs().firstEntry().getValue().path().orElseThrow();
            made.store().with(PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of()), tree);
            return BuildResult.of(BuildStatus.BUILT, "");
        });
    }

    private static NarTree.File file(String text) {
        return new NarTree.File(false, ByteString.of(text));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void smallOutputWithAnotherContentIsTheMachinesFaultAndBuiltElsewhere(String method, MachineProtocol protocol)
            throws Exception {
        var right = file("right");
        var x = drv("x").with(fixed(method, right));
        var liar = making("liar", 2, protocol, file("wrong"));
        var honest = making("honest", 1, protocol, right);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(liar, honest)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(liar.built()).hasSize(1);
            assertThat(client.fetch(x.out())).isEqualTo(right);
            assertThat(client.store().queryPathInfo(x.out()).orElseThrow().isContentAddressed(StoreDir.NIX_STORE))
                    .isTrue();
            assertThat(fleet.failures(liar)).isOne();
            assertThat(fleet.failures(honest)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("otherMethods")
    void largeOutputWithAnotherContentNeverArrivesWhole(String method, MachineProtocol protocol) throws Exception {
        var right = file(LARGE);
        var x = drv("x").with(fixed(method, right));
        var wrong = file(LARGE.replaceFirst("x", "y"));
        var liar = making("liar", 2, protocol, wrong);
        var honest = making("honest", 1, protocol, right);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(liar, honest)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
            var nar = new ByteArrayOutputStream();
            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, nar))
                    .isInstanceOf(IOException.class);
            assertThat(nar.size()).isLessThan(wrong.toNar().length);
            assertThat(fleet.failures(liar)).isOne();
            client.leave();

            var again = fleet.remote(ClientProtocol.WORKER);
            assertThat(again.build(x).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(again.fetch(x.out())).isEqualTo(right);
            assertThat(fleet.failures(honest)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("otherMethods")
    void inputWithAnotherContentIsHeldAgainstItsMachineAndReachesNoOther(String method, MachineProtocol protocol)
            throws Exception {
        var x = drv("x").with(fixed(method, file(LARGE)));
        var liar = making("liar", 2, protocol, file(LARGE.replaceFirst("x", "y")));
        var honest = making("honest", 1, protocol, file("y"));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(liar, honest)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            client.build(x);
            client.leave();
            liar.answering(BuildResult.of(BuildStatus.TRANSIENT_FAILURE, "not here"));

            // Another client, which has heard nothing from the liar yet.
            fleet.remote(ClientProtocol.WORKER).build(drv("y", x.out()));
            assertThat(honest.store().paths()).doesNotContain(x.out());
            assertThat(fleet.failures(liar)).isOne();
            assertThat(fleet.failures(honest)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void rightOutputIsHandedOutWhateverItsSize(String method, MachineProtocol protocol) throws Exception {
        for (var text : List.of("small", LARGE)) {
            var x = drv("x").with(fixed(method, file(text)));
            var machine = making("a", 1, protocol, file(text));
            try (var fleet =
                    TestFleet.plan(temp.resolve("spool" + text.length())).start(machine)) {
                var client = fleet.remote(ClientProtocol.WORKER);
                assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
                assertThat(client.fetch(x.out())).isEqualTo(file(text));
                client.leave();
                // A machine has it, and the client has not built it.
                var again = fleet.remote(ClientProtocol.WORKER);
                assertThat(again.build(x).status()).isEqualTo(BuildStatus.ALREADY_VALID);
                assertThat(again.fetch(x.out())).isEqualTo(file(text));
                assertThat(fleet.failures(machine)).isZero();
            }
        }
    }

    /// A derivation of a trusted client that fixes a content and has its output elsewhere.
    @ParameterizedTest
    @MethodSource("otherMethods")
    void pathThatDoesNotFollowFromTheContentIsNoFaultOfTheMachine(String method, MachineProtocol protocol)
            throws Exception {
        var honest = (DerivationOutput.Fixed) fixed(method, file("right"));
        var x = drv("x").with(new DerivationOutput.Fixed(drv("x").out(), honest.method(), honest.hash()));
        var machine = making("a", 1, protocol, file("other"));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(machine)) {
            fleet.remote(ClientProtocol.WORKER).build(x);
            assertThat(fleet.failures(machine)).isZero();
        }
    }

    private static FakeMachine realising(String name, double speed, NarTree.File said, NarTree.File made) {
        var machine = new FakeMachine(Machines.machine(name, 2, speed, List.of("ca-derivations"), List.of()));
        var fixed = (DerivationOutput.Fixed) fixed("sha256", said);
        var info = PathInfo.of(fixed.outPath(), made.narHash(), made.toNar().length, List.of())
                .withContentAddress(new ContentAddress(Method.FLAT, fixed.hash()));
        return machine.building((_, _, _, _) -> {
            machine.store().with(info, made);
            var outputs = Map.of("out", Realisation.ofOutput("out", info.path()));
            return BuildResult.of(BuildStatus.BUILT, "").withOutputs(outputs);
        });
    }

    @Test
    void floatingOutputHasTheContentThatItsPathFollowsFrom() throws Exception {
        var x = drv("x").with(new DerivationOutput.Floating(MethodAlgorithm.parseDerivation("sha256")));
        var liar = realising("liar", 2, file("said"), file("made"));
        var honest = realising("honest", 1, file("right"), file("right"));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(liar, honest)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
            var right = fixed("sha256", file("right")).path().orElseThrow();
            assertThat(client.fetch(right)).isEqualTo(file("right"));
            assertThat(fleet.failures(liar)).isOne();
            assertThat(fleet.failures(honest)).isZero();
        }
    }
}
