package dispatcher.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.ClientGrant;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.ContentAddress.Method;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What an isolated client sees of what others have, in both protocols: nothing but what anybody can prove.
class IsolatedClientTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final ClientGrant ISOLATED =
            new ClientGrant("guests", false, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), false, true);

    @TempDir
    private Path temp;

    private final FakeMachine machine = new FakeMachine(Machines.machine("a", 2, 1));

    private TestFleet fleet() throws IOException {
        return TestFleet.plan(temp.resolve("spool")).start(machine);
    }

    private static TestClient guest(TestFleet fleet, ClientProtocol protocol) throws IOException {
        return fleet.remote(protocol, "guest", ISOLATED);
    }

    private static PathInfo text(String name, String text) {
        var hash = Hash.sha256(text.getBytes(StandardCharsets.UTF_8));
        var address = new ContentAddress(Method.TEXT, hash);
        var path = StorePaths.of(STORE, name, address, List.of(), false);
        var tree = NarTree.file(text);
        return PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of())
                .withContentAddress(Optional.of(address));
    }

    private static StorePath addText(TestClient client, String name, String text)
            throws IOException, InterruptedException {
        var info = text(name, text);
        client.store().addToStore(List.of(FakeStore.toAdd(info, NarTree.file(text))));
        return info.path();
    }

    /// A derivation whose output follows from what it will hold, so that nothing else proves it.
    private static TestFleet.Drv fixed(String name, StorePath... inputs) {
        var hash = Hash.sha256(name.getBytes(StandardCharsets.UTF_8));
        var out = StorePaths.fixedOutput(STORE, name, Method.FLAT, hash);
        var output = new DerivationOutput.Fixed(out, new MethodAlgorithm(Method.FLAT, HashAlgorithm.SHA256), hash);
        return new TestFleet.Drv(
                FakeStore.path(name + ".drv"),
                new BasicDerivation(
                        new TreeMap<>(Map.of("out", output)),
                        Set.of(inputs),
                        "x86_64-linux",
                        ByteString.of("/bin/sh"),
                        List.of(),
                        new TreeMap<>(Map.of(ByteString.of("out"), ByteString.of(STORE.print(out))))));
    }

    /// What [#fixed] fixes is a file with its own name in it.
    private BuildResult makeFixed(StorePath path) {
        var tree = NarTree.file(path.name());
        machine.store().with(PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of()), tree);
        return BuildResult.of(BuildStatus.BUILT, "");
    }

    private static void requireHidden(TestFleet fleet, ClientProtocol protocol, StorePath path) throws Exception {
        assertThat(guest(fleet, protocol).has(path)).as("is valid").isFalse();
        assertThat(guest(fleet, protocol).store().queryPathInfo(path)).isEmpty();
        assertThat(guest(fleet, protocol).store().queryPathInfos(List.of(path))).isEmpty();
        assertThatThrownBy(() ->
                        guest(fleet, protocol).store().narFromPath(path, Verify.HERE, OutputStream.nullOutputStream()))
                .as("its NAR")
                .isInstanceOf(IOException.class);
        if (protocol == ClientProtocol.WORKER)
            assertThat(guest(fleet, protocol).store().queryAllValidPaths()).doesNotContain(path);
    }

    @ParameterizedTest
    @EnumSource
    void whatOthersUploadedIsNotSeen(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var secret = fleet.remote(protocol).upload("secret");
            requireHidden(fleet, protocol, secret);
            assertThat(fleet.remote(protocol).has(secret)).as("others see it").isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatFollowsFromItsContentIsSeenByWhoKnowsItsName(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var path = addText(fleet.remote(protocol), "public.txt", "public");
            assertThat(guest(fleet, protocol).has(path)).isTrue();
            assertThat(guest(fleet, protocol).fetch(path)).isEqualTo(NarTree.file("public"));
            if (protocol == ClientProtocol.WORKER)
                assertThat(guest(fleet, protocol).store().queryAllValidPaths()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatATrustedKeySignedIsSeenAndNothingElseThatIsSigned(ClientProtocol protocol) throws Exception {
        var keys = java.security.KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        var publicBytes = keys.getPublic().getEncoded();
        var trusted = new NixPublicKey(
                "cache-1",
                ByteString.wrap(
                        java.util.Arrays.copyOfRange(publicBytes, publicBytes.length - 32, publicBytes.length)));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).trusting(trusted).start(machine)) {
            var tree = NarTree.file("bash");
            var plain = FakeStore.info("bash", tree);
            var signer = java.security.Signature.getInstance("Ed25519");
            signer.initSign(keys.getPrivate());
            signer.update(plain.fingerprint(STORE).getBytes(StandardCharsets.UTF_8));
            var signature = "cache-1:" + Base64.getEncoder().encodeToString(signer.sign());
            var other = NarTree.file("zsh");
            var client = fleet.remote(protocol);
            client.store().addToStore(List.of(FakeStore.toAdd(plain.withSignature(signature), tree)));
            client.store()
                    .addToStore(
                            List.of(FakeStore.toAdd(FakeStore.info("zsh", other).withSignature(signature), other)));
            assertThat(guest(fleet, protocol).fetch(plain.path())).isEqualTo(tree);
            requireHidden(fleet, protocol, FakeStore.path("zsh"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatItUploadedItSeesInEveryConversation(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var path = addText(guest(fleet, protocol), "mine.txt", "mine");
            assertThat(guest(fleet, protocol).fetch(path)).isEqualTo(NarTree.file("mine"));
            if (protocol == ClientProtocol.WORKER) {
                assertThat(guest(fleet, protocol).store().queryAllValidPaths()).containsExactly(path);
                assertThat(fleet.remote(protocol, "other", ISOLATED).store().queryAllValidPaths())
                        .isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatMachinesHaveBuiltForOthersIsNotSeen(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var x = TestFleet.drv("x");
            assertThat(fleet.remote(protocol).build(x).status()).isEqualTo(BuildStatus.BUILT);
            requireHidden(fleet, protocol, x.out());
            assertThat(fleet.remote(protocol).has(x.out())).as("others see it").isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatItBuiltItSeesInEveryConversationAndOthersThatAreIsolatedDoNot(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var input = addText(guest(fleet, protocol), "in.txt", "in");
            var x = fixed("x", input);
            machine.building((_, _, _, _) -> makeFixed(x.out()));
            var builder = guest(fleet, protocol);
            assertThat(builder.build(x).status()).isEqualTo(BuildStatus.BUILT);
            var built = builder.fetch(x.out());
            builder.leave();
            assertThat(guest(fleet, protocol).has(x.out())).isTrue();
            assertThat(guest(fleet, protocol).fetch(x.out())).isEqualTo(built);
            assertThat(fleet.remote(protocol, "other", ISOLATED).has(x.out())).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsBuiltOfAnInputThatItDoesNotSee(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var secret = fleet.remote(protocol).upload("secret");
            var result = guest(fleet, protocol).build(fixed("thief", secret));
            assertThat(result.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
            assertThat(result.message()).contains(secret.baseName(), "not for you to see");
            assertThat(machine.opened()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsBuiltOfWhatAnInputRefersToAndItDoesNotSee(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var secret = fleet.remote(protocol).upload("secret");
            var hash = Hash.sha256("refers".getBytes(StandardCharsets.UTF_8));
            var address = new ContentAddress(Method.TEXT, hash);
            var tree = NarTree.file("refers");
            var path = StorePaths.of(STORE, "refers.txt", address, List.of(secret), false);
            var info = PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of(secret))
                    .withContentAddress(Optional.of(address));
            var guest = guest(fleet, protocol);
            guest.store().addToStore(List.of(FakeStore.toAdd(info, tree)));
            var result = guest.build(fixed("thief", path));
            assertThat(result.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
            assertThat(result.message()).contains(secret.baseName());
            assertThat(machine.opened()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatMachinesCouldFetchIsNotTold(ClientProtocol protocol) throws Exception {
        var path = FakeStore.path("cached");
        machine.store().substituting(FakeStore.info("cached", NarTree.file("cached")), NarTree.file("cached"));
        try (var fleet = fleet()) {
            assertThat(guest(fleet, protocol).store().queryValidPaths(List.of(path), true))
                    .isEmpty();
            assertThat(machine.opened()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void storeOfItsOwnHostIsSeenAndThatOfAnotherIsNot(ClientProtocol protocol) throws Exception {
        var host = new FakeMachine(Machines.machine("host", 1, 1));
        var tree = NarTree.file("tool");
        host.store().with(FakeStore.info("tool", tree), tree);
        try (var fleet = TestFleet.plan(temp.resolve("spool")).host(host).start(machine)) {
            assertThat(fleet.local(protocol, ISOLATED).fetch(FakeStore.path("tool")))
                    .isEqualTo(tree);
            requireHidden(fleet, protocol, FakeStore.path("tool"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatItSendsIsNotMistakenForWhatIsThereUnderTheSameName(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var mine = text("notes.txt", "mine");
            var other = NarTree.file("other");
            // Somebody who is trusted says so, unchecked.
            var false_ = PathInfo.of(mine.path(), other.narHash(), other.toNar().length, List.of());
            fleet.remote(protocol).store().addToStore(List.of(FakeStore.toAdd(false_, other)));
            requireHidden(fleet, protocol, mine.path());
            var refused = assertThatThrownBy(() -> addText(guest(fleet, protocol), "notes.txt", "mine"));
            if (protocol == ClientProtocol.WORKER)
                refused.hasMessageContaining("here already with another content")
                        .hasMessageContaining("'guests'");
            requireHidden(fleet, protocol, mine.path());
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsThereUnprovenIsSeenByWhoHasSentTheSame(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var info = text("notes.txt", "notes");
            fleet.remote(protocol)
                    .store()
                    .addToStore(
                            List.of(FakeStore.toAdd(info.withContentAddress(Optional.empty()), NarTree.file("notes"))));
            requireHidden(fleet, protocol, info.path());
            addText(guest(fleet, protocol), "notes.txt", "notes");
            assertThat(guest(fleet, protocol).fetch(info.path())).isEqualTo(NarTree.file("notes"));
            assertThat(fleet.remote(protocol, "other", ISOLATED).has(info.path()))
                    .isFalse();
        }
    }
}
