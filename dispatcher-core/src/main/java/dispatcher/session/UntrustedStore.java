package dispatcher.session;

import dispatcher.access.ClientIdentity;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.session.rights.ProvenDerivations;
import dispatcher.session.rights.ProvenInputs;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.NarToAdd;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.conversation.GuardedStore;
import dispatcher.store.verify.AddressedNar;
import dispatcher.store.verify.TrustedKeys;
import java.io.IOException;
import java.util.List;

/// The fleet for a client that is not trusted: without a proof, nothing that it sends is believed, so that it can
/// harm only itself.
///
/// - A path is taken if a trusted key has signed it, or if it follows from its content, which is checked. Of what is
///   said of it, nothing else is kept: no deriver, no signature by another key.
/// - A derivation is built if its outputs' paths follow from their content, or from a `.drv` file that is here: then
/// what that file says is built, regardless of the inputs in the request.
/// - A realisation is taken if a trusted key has signed it.
/// - Nothing is built to check or repair what is there.
///
/// As Nix's daemon has it for users that are not in `trusted-users` (Nix 2.36, `src/libstore/daemon.cc`), but
/// that there nothing whose path follows from a `.drv` file can be built without naming that file alone.
final class UntrustedStore extends GuardedStore {
    private final ClientSession session;
    private final ClientIdentity client;
    private final StoreDir storeDir;
    private final TrustedKeys trustedKeys;
    private final ProvenInputs provenInputs;

    /// @param provenInputs what is proven of derivations, shared by all clients
    UntrustedStore(
            ClientSession session,
            ClientIdentity client,
            StoreDir storeDir,
            List<NixPublicKey> trustedKeys,
            ProvenInputs provenInputs) {
        super(session);
        this.session = session;
        this.client = client;
        this.storeDir = storeDir;
        this.trustedKeys = new TrustedKeys(trustedKeys, storeDir);
        this.provenInputs = provenInputs;
    }

    // ---- uploads

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        for (var path : paths) session.addToStore(List.of(proven(path)));
    }

    /// With nothing that neither a trusted key has signed nor the content proves.
    private NarToAdd proven(NarToAdd path) throws StoreRefusedException {
        var info = path.info();
        var signatures = trustedKeys.signaturesOf(info);
        // One that is false is refused, with all of it.
        boolean keepsAddress = AddressedNar.isCheckable(info);
        boolean followsFromContent = info.isContentAddressed(storeDir) && keepsAddress;
        if (signatures.isEmpty() && !followsFromContent) throw unsigned(info);
        var kept = info.signedPart()
                .withSignatures(signatures)
                .withContentAddress(info.contentAddress().filter(_ -> keepsAddress));
        return new NarToAdd(kept, signatures.isEmpty() ? strict(kept, path.nar()) : path.nar());
    }

    /// By its content alone, a path that refers to itself is only proven in the way of Nix before 2.17 and from
    /// 2.35 on.
    private NarSource strict(PathInfo info, NarSource nar) {
        if (!info.references().contains(info.path())) return nar;
        return sink -> {
            var addressed = AddressedNar.of(info, sink);
            var summary = nar.writeTo(addressed);
            if (addressed.isRightAmongOthers())
                throw new StoreRefusedException(
                        "cannot add path '%s' by its content address %s: it refers to itself, and was made by Nix 2.17 to 2.34, with which other contents have that address too; sign the path with a key that is among the trustedPublicKeys of this dispatcher"
                                .formatted(
                                        storeDir.print(info.path()),
                                        info.contentAddress().orElseThrow()));
            return summary;
        };
    }

    private StoreRefusedException unsigned(PathInfo info) {
        return new StoreRefusedException(
                "cannot add path '%s' because it lacks a signature by a trusted key: this dispatcher does not trust you; sign the path with a key that is among its trustedPublicKeys, or be trusted by the rule '%s' of its settings"
                        .formatted(storeDir.print(info.path()), client.grant().rule()));
    }

    // ---- realisations

    /// What a derivation makes follows from nothing that could be checked here.
    @Override
    public void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        var signatures = trustedKeys.signaturesOf(realisation);
        if (signatures.isEmpty())
            throw new StoreRefusedException(
                    "cannot register realisation '%s' because it lacks a signature by a trusted key: this dispatcher does not trust you; sign it with a key that is among its trustedPublicKeys, or be trusted by the rule '%s' of its settings"
                            .formatted(realisation.id(), client.grant().rule()));
        session.registerRealisation(realisation.withSignatures(signatures));
    }

    // ---- builds

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return build(options, log, derivations -> derivations.prove(drvPath, derivation));
    }

    @Override
    public BuildResult buildStoredDerivation(StorePath drvPath, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return build(options, log, derivations -> derivations.prove(drvPath));
    }

    private interface Proof {
        ProvenDerivations.Proven by(ProvenDerivations derivations) throws IOException, InterruptedException;
    }

    private BuildResult build(BuildOptions options, BuildLog log, Proof proof)
            throws IOException, InterruptedException {
        if (options.mode() != BuildMode.NORMAL)
            return BuildResult.of(
                    BuildStatus.INPUT_REJECTED,
                    "this dispatcher does not trust you, and so neither repairs nor checks outputs for you");
        ProvenDerivations.Proven proven;
        try {
            proven = proof.by(new ProvenDerivations(session.paths(), storeDir, provenInputs));
        } catch (StoreRefusedException e) {
            return BuildResult.of(BuildStatus.INPUT_REJECTED, e.reason());
        }
        return session.buildDerivation(proven.drvPath(), proven.derivation(), options, log);
    }
}
