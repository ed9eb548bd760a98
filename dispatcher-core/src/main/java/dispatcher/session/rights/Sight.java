package dispatcher.session.rights;

import dispatcher.access.ClientIdentity;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.nix.key.NixSignature;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.verify.AddressedNar;
import dispatcher.store.verify.TrustedKeys;
import java.util.Collection;
import java.util.List;

/// What one client may see of what is here: everything, or, if it is isolated, only
///
/// - what the spool has that the client has uploaded, that a trusted key has signed, or that follows from its content,
/// - what machines have built for it,
/// - the store of this host, if the client is on it, whose files it can read anyway.
///
/// Values and lookups in memory only; safe for any thread.
public final class Sight {
    private final ClientIdentity client;
    private final List<NixPublicKey> trustedKeys;
    private final StoreDir storeDir;
    private final Grants grants;

    /// @param trustedKeys whose signatures make a path visible to all clients
    public Sight(ClientIdentity client, List<NixPublicKey> trustedKeys, StoreDir storeDir, Grants grants) {
        this.client = client;
        this.trustedKeys = trustedKeys;
        this.storeDir = storeDir;
        this.grants = grants;
    }

    public boolean isWhole() {
        return !client.grant().isolated();
    }

    /// Whether it may see a path of the spool.
    public boolean sees(PathInfo info) {
        return isWhole()
                || grants.hasUploaded(client.credential(), info)
                || (info.isContentAddressed(storeDir) && AddressedNar.isCheckable(info))
                || isSigned(info);
    }

    /// Whether the client may learn, and is to believe, which path an output has.
    public boolean sees(Realisation realisation) {
        return isWhole() || new TrustedKeys(trustedKeys, storeDir).haveSigned(realisation);
    }

    private boolean isSigned(PathInfo info) {
        return info.signatures().stream()
                .anyMatch(text -> trustedKeys.stream().anyMatch(key -> verifies(key, text, info)));
    }

    private boolean verifies(NixPublicKey key, String text, PathInfo info) {
        try {
            return text.startsWith(key.name() + ":") && key.verifies(NixSignature.parse(text), info, storeDir);
        } catch (NixSyntaxException e) {
            return false;
        }
    }

    /// Whether the client may learn that a machine has a path.
    public boolean seesOnMachines(StorePath path) {
        return isWhole() || grants.hasBuilt(client.credential(), path);
    }

    /// It has sent a path, with all of its content.
    ///
    /// @param present what is here now, which may have come from another client before
    /// @throws StoreRefusedException if that is something else, which is not to be seen in place of what was sent
    public void uploaded(PathInfo sent, PathInfo present) throws StoreRefusedException {
        if (isWhole()) return;
        if (!present.narHash().equals(sent.narHash()))
            throw new StoreRefusedException(
                    "path '%s' is here already with another content, which you may not see, as the rule '%s' of this dispatcher's settings isolates you: ask its operator to have that path dropped from the spool"
                            .formatted(
                                    storeDir.print(sent.path()), client.grant().rule()));
        grants.uploaded(client.credential(), sent);
    }

    /// These came out of a build that it wanted.
    public void built(Collection<StorePath> outputs) {
        if (!isWhole()) for (var output : outputs) grants.built(client.credential(), output);
    }
}
