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
import dispatcher.nix.Derivation;
import dispatcher.nix.Derivation.InputOutputs;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.nix.aterm.DerivationHash;
import dispatcher.nix.aterm.DerivationText;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.spool.SpoolLimits;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a client without trust may do, in both protocols.
class UntrustedClientTest {
    private static final StoreDir STORE = StoreDir.NIX_STORE;
    private static final ClientGrant GUEST =
            new ClientGrant("guests", false, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), false);

    @TempDir
    private Path temp;

    private final FakeMachine machine = new FakeMachine(Machines.machine("a", 2, 1));

    private TestFleet fleet() throws IOException {
        return TestFleet.plan(temp.resolve("spool")).start(machine);
    }

    // ---- what it may upload

    private static PathInfo info(
            StorePath path,
            NarTree tree,
            List<StorePath> references,
            List<String> signatures,
            Optional<ContentAddress> address) {
        return new PathInfo(
                path,
                Optional.empty(),
                tree.narHash(),
                new TreeSet<>(references),
                Instant.EPOCH,
                tree.toNar().length,
                false,
                new TreeSet<>(signatures),
                address);
    }

    private static PathInfo signed(String name, NarTree tree, String... signatures) {
        return info(FakeStore.path(name), tree, List.of(), List.of(signatures), Optional.empty());
    }

    private static PathInfo addressed(String name, NarTree tree, ContentAddress address, StorePath... references) {
        var path = StorePaths.of(STORE, name, address, List.of(references), false);
        return info(path, tree, List.of(references), List.of(), Optional.of(address));
    }

    private static ContentAddress textAddress(String text) {
        return new ContentAddress(Method.TEXT, Hash.sha256(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static void add(TestClient client, PathInfo info, NarTree tree) throws IOException, InterruptedException {
        client.store().addToStore(List.of(FakeStore.toAdd(info, tree)));
    }

    private static StorePath addText(TestClient client, String name, String text, StorePath... references)
            throws IOException, InterruptedException {
        var info = addressed(name, NarTree.file(text), textAddress(text), references);
        add(client, info, NarTree.file(text));
        return info.path();
    }

    private static void requireNotTaken(TestFleet fleet, ClientProtocol protocol, PathInfo info, NarTree tree)
            throws IOException, InterruptedException {
        var guest = fleet.remote(protocol, GUEST);
        assertThatThrownBy(() -> add(guest, info, tree)).isInstanceOf(IOException.class);
        assertThat(fleet.remote(protocol).has(info.path())).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void pathWithoutASignatureIsNotTaken(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var tree = NarTree.file("bash");
            requireNotTaken(fleet, protocol, FakeStore.info("bash", tree), tree);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "WORKER")
    void whatIsMissingIsTold(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var tree = NarTree.file("bash");
            assertThatThrownBy(() -> add(guest, FakeStore.info("bash", tree), tree))
                    .hasMessageContaining("lacks a signature by a trusted key")
                    .hasMessageContaining("'guests'");
            addText(guest, "ok.txt", "and the conversation goes on");
        }
    }

    @ParameterizedTest
    @EnumSource
    void pathThatATrustedKeySignedIsTaken(ClientProtocol protocol) throws Exception {
        var keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).trusting(publicKey(keys)).start(machine)) {
            var tree = NarTree.file("bash");
            var info = signed("bash", tree, "junk", sign(keys, "cache-1", signed("bash", tree)));
            add(fleet.remote(protocol, GUEST), info, tree);
            assertThat(fleet.remote(protocol).has(info.path())).isTrue();
        }
    }

    private static PathInfo stored(TestFleet fleet, ClientProtocol protocol, StorePath path) throws Exception {
        return fleet.remote(protocol).store().queryPathInfo(path).orElseThrow();
    }

    @ParameterizedTest
    @EnumSource
    void ofASignedPathNothingIsKeptThatIsNotSigned(ClientProtocol protocol) throws Exception {
        var keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        var other = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).trusting(publicKey(keys)).start(machine)) {
            var tree = NarTree.file("bash");
            var plain = signed("bash", tree);
            var right = sign(keys, "cache-1", plain);
            var said = new PathInfo(
                    plain.path(),
                    Optional.of(FakeStore.path("evil.drv")),
                    plain.narHash(),
                    plain.references(),
                    Instant.ofEpochSecond(1),
                    plain.narSize(),
                    true,
                    new TreeSet<>(
                            List.of(right, sign(other, "cache-1", plain), sign(other, "foreign", plain), "junk:AAAA")),
                    Optional.empty());
            add(fleet.remote(protocol, GUEST), said, tree);
            assertThat(stored(fleet, protocol, plain.path())).isEqualTo(plain.withSignature(right));
        }
    }

    @ParameterizedTest
    @EnumSource
    void signedPathWithAFalseContentAddressIsNotTaken(ClientProtocol protocol) throws Exception {
        var keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).trusting(publicKey(keys)).start(machine)) {
            var tree = NarTree.file("bash");
            var right = sign(keys, "cache-1", signed("bash", tree));
            var address = Optional.of(new ContentAddress(Method.NAR, Hash.sha256(tree.toNar())));
            var info = info(FakeStore.path("bash"), tree, List.of(), List.of(right), address);
            requireNotTaken(fleet, protocol, info, tree);
            add(fleet.remote(protocol, GUEST), info.withContentAddress(Optional.empty()), tree);
            assertThat(stored(fleet, protocol, info.path()).contentAddress()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void trustedClientIsToldOfAnAddressThatEveryMachineWouldRefuse(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var tree = NarTree.file("text");
            var ofAnotherPath =
                    info(FakeStore.path("bash"), tree, List.of(), List.of(), Optional.of(textAddress("text")));
            var ofOtherContent = addressed("a.txt", tree, textAddress("other"));
            var narOfOther = addressed("src", tree, new ContentAddress(Method.NAR, Hash.sha256(new byte[] {1})));
            for (var info : List.of(ofAnotherPath, ofOtherContent, narOfOther)) {
                var refused = assertThatThrownBy(() -> add(fleet.remote(protocol), info, tree));
                if (protocol == ClientProtocol.WORKER)
                    refused.hasMessageContaining(info.path().baseName())
                            .hasMessageContaining(
                                    info.contentAddress().orElseThrow().toString());
                assertThat(fleet.spooled()).doesNotContain(info.path());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void ofSignaturesOnlyThoseAreKeptThatCouldBeVerified(ClientProtocol protocol) throws Exception {
        var keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        try (var fleet = fleet()) {
            var tree = NarTree.file("bash");
            var plain = signed("bash", tree);
            var signatures = new TreeSet<String>();
            for (int i = 0; i < 100; i++) signatures.add(sign(keys, "key-" + i, plain));
            add(fleet.remote(protocol), plain.withSignatures(signatures), tree);
            assertThat(stored(fleet, protocol, plain.path()).signatures())
                    .hasSize(SpoolLimits.MOST_SIGNATURES)
                    .allMatch(signatures::contains);
            var library = NarTree.file("library");
            var noisy = signed("library", library, "k:" + "A".repeat(4 << 20), "junk", "x".repeat(10_000) + ":AAAA");
            add(fleet.remote(protocol), noisy, library);
            assertThat(stored(fleet, protocol, noisy.path()).signatures()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void signatureOfSomethingElseProvesNothing(ClientProtocol protocol) throws Exception {
        var keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        var other = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        try (var fleet =
                TestFleet.plan(temp.resolve("spool")).trusting(publicKey(keys)).start(machine)) {
            var tree = NarTree.file("evil");
            var ofGood = sign(keys, "cache-1", signed("bash", NarTree.file("bash")));
            var byOtherName = sign(keys, "cache-2", signed("bash", tree));
            var byOtherKey = sign(other, "cache-1", signed("bash", tree));
            for (var signature : List.of(ofGood, byOtherName, byOtherKey))
                requireNotTaken(fleet, protocol, signed("bash", tree, signature), tree);
        }
    }

    private static NixPublicKey publicKey(KeyPair keys) {
        var encoded = keys.getPublic().getEncoded();
        var bytes = Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
        return new NixPublicKey("cache-1", ByteString.wrap(bytes));
    }

    private static String sign(KeyPair keys, String name, PathInfo info) throws GeneralSecurityException {
        var signer = Signature.getInstance("Ed25519");
        signer.initSign(keys.getPrivate());
        signer.update(info.fingerprint(STORE).getBytes(StandardCharsets.UTF_8));
        return name + ":" + Base64.getEncoder().encodeToString(signer.sign());
    }

    @ParameterizedTest
    @EnumSource
    void pathThatFollowsFromItsContentIsTaken(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var text = addText(guest, "a.txt", "text");
            var tree = NarTree.directory().with("x", NarTree.executable("#!"));
            var info = addressed("src", tree, new ContentAddress(Method.NAR, Hash.sha256(tree.toNar())), text);
            add(guest, info, tree);
            assertThat(fleet.remote(protocol).has(info.path())).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void contentThatDoesNotHaveItsAddressIsNotTaken(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var evil = NarTree.file("evil");
            requireNotTaken(fleet, protocol, addressed("a.txt", evil, textAddress("text")), evil);
        }
    }

    @ParameterizedTest
    @EnumSource
    void addressOfAnotherPathProvesNothing(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var tree = NarTree.file("text");
            var address = Optional.of(textAddress("text"));
            requireNotTaken(fleet, protocol, info(FakeStore.path("bash"), tree, List.of(), List.of(), address), tree);
        }
    }

    // ---- what it may build

    /// A derivation with its true path.
    private record Known(String name, Derivation derivation) {
        StorePath path() {
            return DerivationHash.derivationPath(STORE, name, derivation);
        }

        StorePath out() {
            return derivation.outputs().values().iterator().next().path().orElseThrow();
        }

        String text() {
            return new String(DerivationText.print(STORE, derivation), StandardCharsets.UTF_8);
        }

        Known with(String variable, String value) {
            var environment = new TreeMap<>(derivation.environment());
            environment.put(ByteString.of(variable), ByteString.of(value));
            return new Known(
                    name,
                    new Derivation(
                            derivation.outputs(),
                            derivation.inputDerivations(),
                            derivation.inputSources(),
                            derivation.platform(),
                            derivation.builder(),
                            derivation.arguments(),
                            environment));
        }

        /// As a client asks for it.
        TestFleet.Drv asked(StorePath... inputs) {
            return new TestFleet.Drv(path(), derivation.toBasic(new TreeSet<>(List.of(inputs))));
        }

        void upload(TestClient client) throws IOException, InterruptedException {
            addText(client, name + ".drv", text(), derivation.references().toArray(StorePath[]::new));
        }
    }

    private static Derivation derivation(DerivationOutput out, List<Known> inputs, StorePath... sources) {
        var drvs = new TreeMap<StorePath, InputOutputs>();
        for (var input : inputs) drvs.put(input.path(), InputOutputs.of("out"));
        return new Derivation(
                new TreeMap<>(Map.of("out", out)),
                drvs,
                new TreeSet<>(List.of(sources)),
                "x86_64-linux",
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>(Map.of(
                        ByteString.of("out"),
                        ByteString.of(out.path().map(STORE::print).orElse("")))));
    }

    private static Known known(String name, List<Known> inputs, StorePath... sources) {
        var hash = new DerivationHash(
                STORE,
                path -> inputs.stream()
                        .filter(input -> input.path().equals(path))
                        .findFirst()
                        .orElseThrow()
                        .derivation());
        var paths = hash.outputPaths(name, derivation(new DerivationOutput.Deferred(), inputs, sources));
        var out = Optional.ofNullable(paths.get("out")).orElseThrow();
        return new Known(name, derivation(new DerivationOutput.InputAddressed(out), inputs, sources));
    }

    private static Known fixed(String name, Hash hash, StorePath path) {
        var method = new MethodAlgorithm(Method.FLAT, HashAlgorithm.SHA256);
        return new Known(name, derivation(new DerivationOutput.Fixed(path, method, hash), List.of()));
    }

    private static Known fixed(String name) {
        var hash = Hash.sha256(name.getBytes(StandardCharsets.UTF_8));
        return fixed(name, hash, StorePaths.fixedOutput(STORE, name, Method.FLAT, hash));
    }

    private static Known floating(String name) {
        var method = new MethodAlgorithm(Method.NAR, HashAlgorithm.SHA256);
        return new Known(name, derivation(new DerivationOutput.Floating(method), List.of()))
                .with("out", StorePaths.placeholder("out"));
    }

    @ParameterizedTest
    @EnumSource
    void derivationWhoseFileIsHereIsBuiltAndItsOutputServesTheNext(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var source = addText(guest, "in.txt", "in");
            var dep = known("dep", List.of(), source);
            var top = known("top", List.of(dep), source);
            dep.upload(guest);
            assertThat(guest.build(dep.asked(source)).status()).isEqualTo(BuildStatus.BUILT);
            top.upload(guest);
            assertThat(guest.build(top.asked(source, dep.out())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(guest.fetch(top.out())).isEqualTo(NarTree.file("out of %s, built on a".formatted(top.path())));
        }
    }

    private static void requireRejected(TestClient guest, TestFleet.Drv asked, String... why) throws Exception {
        var result = guest.build(asked);
        assertThat(result.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
        assertThat(result.message()).contains(why);
    }

    @ParameterizedTest
    @EnumSource
    void derivationWhoseFileIsNotHereIsNotBuilt(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            requireRejected(
                    fleet.remote(protocol, GUEST),
                    known("dep", List.of()).asked(),
                    "its .drv file is not here",
                    "nix copy --derivation");
            assertThat(machine.opened()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void derivationThatIsNotWhatItsFileSaysIsNotBuilt(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var dep = known("dep", List.of());
            dep.upload(guest);
            requireRejected(guest, dep.asked().requiring("evil"), "is not what this file says");
        }
    }

    @ParameterizedTest
    @EnumSource
    void outputThatDoesNotFollowFromTheFileIsNotBuilt(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var bash = FakeStore.path("bash");
            var evil = new Known("bash", derivation(new DerivationOutput.InputAddressed(bash), List.of()));
            evil.upload(guest);
            requireRejected(guest, evil.asked(), "output out should be", "is said to be " + bash);
        }
    }

    /// The hash from which the output path follows leaves this variable out, so both have the same output path.
    @ParameterizedTest
    @EnumSource
    void derivationThatDiffersInTheVariableOfItsOutputDoesNotMakeTheOutputOfTheHonestOne(ClientProtocol protocol)
            throws Exception {
        try (var fleet = fleet()) {
            var honest = known("dep", List.of());
            var evil = honest.with("out", STORE.print(honest.out()) + "/evil");
            var guest = fleet.remote(protocol, GUEST);
            evil.upload(guest);
            requireRejected(
                    guest,
                    evil.asked(),
                    "its environment variable out should be '%s', and is '%s/evil'"
                            .formatted(STORE.print(honest.out()), STORE.print(honest.out())));
            assertThat(machine.opened()).isZero();

            var victim = fleet.remote(protocol);
            assertThat(victim.build(honest.asked()).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(victim.fetch(honest.out()))
                    .isEqualTo(NarTree.file("out of %s, built on a".formatted(honest.path())));
        }
    }

    @ParameterizedTest
    @EnumSource(names = "WORKER")
    void derivationWithAnInputThatIsNotAsNixMakesThemIsNotBuilt(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var dep = known("dep", List.of()).with("out", "/evil");
            dep.upload(guest);
            var hash = new DerivationHash(STORE, _ -> known("dep", List.of()).derivation());
            var top = derivation(new DerivationOutput.Deferred(), List.of(dep));
            var out =
                    Optional.ofNullable(hash.outputPaths("top", top).get("out")).orElseThrow();
            var evil = new Known("top", derivation(new DerivationOutput.InputAddressed(out), List.of(dep)));
            evil.upload(guest);
            requireRejected(
                    guest,
                    evil.asked(dep.out()),
                    dep.path().baseName() + "' is not a valid derivation",
                    "its environment variable out should be");
        }
    }

    /// A machine's daemon finds by the masked hash the path of an output that is not known beforehand.
    @ParameterizedTest
    @EnumSource
    void floatingOutputIsBuiltIfItsVariableIsThePlaceholder(ClientProtocol protocol) throws Exception {
        var able = new FakeMachine(Machines.machine("a", 2, 1, List.of("ca-derivations"), List.of()));
        try (var fleet = TestFleet.plan(temp.resolve("spool")).start(able)) {
            var guest = fleet.remote(protocol, GUEST);
            requireRejected(
                    guest,
                    floating("x").with("out", "/evil").asked(),
                    "its environment variable out should be '%s', and is '/evil'"
                            .formatted(StorePaths.placeholder("out")));
            assertThat(able.opened()).isZero();
            assertThat(guest.build(floating("x").asked()).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void fixedOutputWithAnotherPathInItsVariableIsNotBuilt(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            requireRejected(
                    fleet.remote(protocol, GUEST),
                    fixed("src").with("out", "/evil").asked(),
                    "its environment variable out should be '%s'"
                            .formatted(STORE.print(fixed("src").out())));
            assertThat(machine.opened()).isZero();
        }
    }

    /// What is before and after a quote in the platform would be read as other parts.
    @ParameterizedTest
    @EnumSource
    void partsWhoseTextWouldBeThatOfAnotherDerivationAreNotBuilt(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var honest = fixed("src").asked();
            var asked = new BasicDerivation(
                    honest.derivation().outputs(),
                    honest.derivation().inputSources(),
                    "x86_64-linux\",\"/bin/evil",
                    honest.derivation().builder(),
                    honest.derivation().arguments(),
                    honest.derivation().environment());
            var result = fleet.remote(protocol, GUEST).build(new TestFleet.Drv(honest.path(), asked));
            assertThat(result.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
            assertThat(machine.opened()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void fileWithoutTheTextOfItsPathProvesNothing(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var dep = known("dep", List.of());
            var evil =
                    NarTree.file(known("dep", List.of(), FakeStore.path("evil")).text());
            // Somebody who is trusted sent it, unchecked.
            add(fleet.remote(protocol), info(dep.path(), evil, List.of(), List.of(), Optional.empty()), evil);
            requireRejected(
                    fleet.remote(protocol, GUEST), dep.asked(), "does not have the text that belongs to this path");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNoDerivationIsTold(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var asked = known("dep", List.of()).asked().derivation();
            var junk = addText(guest, "junk.drv", "Derive([");
            requireRejected(guest, new TestFleet.Drv(junk, asked), "cannot be read");
            var text = addText(guest, "junk.txt", "x");
            requireRejected(guest, new TestFleet.Drv(text, asked), "not the path of a .drv file");
        }
    }

    @ParameterizedTest
    @EnumSource
    void inputThatIsNotHereIsNamed(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            var dep = known("dep", List.of());
            var top = known("top", List.of(dep));
            dep.upload(guest);
            top.upload(guest);
            requireRejected(guest, top.asked(dep.out()), "its input " + STORE.print(dep.out()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void fixedOutputIsBuiltWithoutAFile(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var tree = NarTree.file("src");
            machine.building((_, derivation, _, _) -> {
                var path = derivation.outputs().firstEntry().getValue().path().orElseThrow();
                machine.store().with(PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of()), tree);
                return BuildResult.of(BuildStatus.BUILT, "");
            });
            var guest = fleet.remote(protocol, GUEST);
            assertThat(guest.build(fixed("src").asked()).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(guest.fetch(fixed("src").out())).isEqualTo(tree);
        }
    }

    @ParameterizedTest
    @EnumSource
    void fixedOutputAtAnotherPathIsNotBuilt(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var evil = fixed("bash", Hash.sha256(new byte[0]), FakeStore.path("bash"));
            requireRejected(fleet.remote(protocol, GUEST), evil.asked(), "output out should be");
            assertThat(machine.opened()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "WORKER")
    void nothingIsRepairedOrChecked(ClientProtocol protocol) throws Exception {
        try (var fleet = fleet()) {
            var guest = fleet.remote(protocol, GUEST);
            for (var mode : List.of(BuildMode.REPAIR, BuildMode.CHECK)) {
                var result = guest.build(fixed("src").asked(), BuildOptions.DEFAULT.withMode(mode));
                assertThat(result.status()).isEqualTo(BuildStatus.INPUT_REJECTED);
                assertThat(result.message()).contains("neither repairs nor checks");
            }
        }
    }
}
