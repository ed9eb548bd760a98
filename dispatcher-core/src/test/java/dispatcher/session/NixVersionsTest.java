package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.ClientGrant;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.Derivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.aterm.DerivationHash;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Clients and machines whose versions of Nix name realisations in different ways: up to 2.34 by the hash of the
/// derivation, later by its path.
@Timeout(60)
class NixVersionsTest {
    private static final TestFleet.Drv FLOATING =
            drv("x").with(new DerivationOutput.Floating(MethodAlgorithm.parseDerivation("r:sha256")));

    /// What a client of 2.34 looks for when it has the result of a build.
    private static final RealisationId BY_HASH = new RealisationId.OfHash(
            "sha256:"
                    + new DerivationHash(StoreDir.NIX_STORE, path -> {
                                throw new AssertionError(path);
                            })
                            .masked(Derivation.resolved(FLOATING.derivation()))
                            .output("out")
                            .base16(),
            "out");

    private static final RealisationId BY_PATH = new RealisationId.OfPath(FLOATING.path(), "out");

    @TempDir
    private Path temp;

    private static FakeMachine machine() {
        return new FakeMachine(Machines.machine("a", 2, 1, List.of("ca-derivations"), List.of()));
    }

    private static Realisation out(BuildResult result) {
        return Objects.requireNonNull(result.outputs().get("out"));
    }

    private TestFleet fleet(FakeMachine machine) throws IOException {
        return TestFleet.plan(temp.resolve("spool")).start(machine);
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void clientByHashIsToldTheIdThatItLooksForWhereTheMachineKnowsPathsAlone(MachineProtocol protocol)
            throws Exception {
        var newer = protocol == MachineProtocol.SSH ? machine().overServe() : machine();
        try (var fleet = fleet(newer)) {
            var client = fleet.of234(ClientGrant.DEFAULT);
            var result = client.build(FLOATING);
            assertThat(result.status()).isEqualTo(BuildStatus.BUILT);
            var realisation = out(result);
            assertThat(realisation.id()).isEqualTo(BY_HASH);
            assertThat(client.fetch(realisation.outPath())).isInstanceOf(NarTree.File.class);
            assertThat(fleet.failures(newer)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(ClientProtocol.class)
    void clientByPathIsToldByPathWhereTheMachineKnowsHashesAlone(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet(machine().speakingAs234())) {
            var client = fleet.remote(protocol);
            var result = client.build(FLOATING);
            assertThat(out(result).id()).isEqualTo(BY_PATH);
            assertThat(client.fetch(out(result).outPath())).isInstanceOf(NarTree.File.class);
        }
    }

    /// It would be kept as what that other derivation made.
    @Test
    void machineThatTellsTheIdOfAnotherDerivationIsNotBelieved() throws Exception {
        var liar = machine().speakingAs234();
        liar.building((drvPath, derivation, options, log) -> {
            var made = liar.makeOutputs(drvPath, derivation, options, log);
            var other = new RealisationId.OfHash("sha256:" + "ab".repeat(32), "out");
            var path = out(made).outPath();
            return made.withOutputs(Map.of("out", Realisation.unsigned(other, path)));
        });
        try (var fleet = fleet(liar)) {
            var result = fleet.of234(ClientGrant.DEFAULT).build(FLOATING);
            assertThat(out(result).id()).isEqualTo(BY_HASH);
        }
    }

    @Test
    void signaturesReachClientsThatNameRealisationsLikeTheMachine() throws Exception {
        var signatures = new TreeSet<>(Set.of("m:" + "A".repeat(86) + "=="));
        assertThat(signaturesTold(machine(), BY_PATH, signatures, false)).isEqualTo(signatures);
        assertThat(signaturesTold(machine(), BY_PATH, signatures, true)).isEmpty();
        assertThat(signaturesTold(machine().speakingAs234(), BY_HASH, signatures, true))
                .isEqualTo(signatures);
        assertThat(signaturesTold(machine().speakingAs234(), BY_HASH, signatures, false))
                .isEmpty();
    }

    private SortedSet<String> signaturesTold(
            FakeMachine machine, RealisationId id, SortedSet<String> signatures, boolean of234) throws Exception {
        machine.building((drvPath, derivation, options, log) -> {
            BuildResult made = machine.makeOutputs(drvPath, derivation, options, log);
            var path = out(made).outPath();
            return made.withOutputs(Map.of("out", Realisation.unsigned(id, path).withSignatures(signatures)));
        });
        try (var fleet = fleet(machine)) {
            var client = of234 ? fleet.of234(ClientGrant.DEFAULT) : fleet.remote(ClientProtocol.WORKER);
            return out(client.build(FLOATING)).signatures();
        }
    }

    /// Determinate Nix 3.22 registers no temporary roots where it cannot register many at once, and other
    /// versions none at all for what they copy.
    @ParameterizedTest
    @EnumSource(ClientProtocol.class)
    void whatASessionHasSentOrAskedForStaysWithoutTemporaryRoots(ClientProtocol protocol) throws Exception {
        try (var fleet = TestFleet.plan(temp.resolve("spool")).spoolBytes(1700).start(machine())) {
            var sender = fleet.remote(protocol);
            var path = sender.upload("input");
            assertNoRoom(fleet);
            var asker = fleet.remote(protocol);
            assertThat(asker.has(path)).isTrue();
            sender.leave();

            assertNoRoom(fleet);
            assertThat(asker.fetch(path)).isEqualTo(NarTree.file("input"));
            asker.leave();
            fleet.remote(ClientProtocol.WORKER).upload("large", NarTree.file("x".repeat(1500)));
            assertThat(fleet.spooled()).doesNotContain(path);
        }
    }

    private static void assertNoRoom(TestFleet fleet) throws IOException {
        var other = fleet.remote(ClientProtocol.WORKER);
        assertThatThrownBy(() -> other.upload("large", NarTree.file("x".repeat(1500))))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessageContaining("has no room");
        other.leave();
    }
}
