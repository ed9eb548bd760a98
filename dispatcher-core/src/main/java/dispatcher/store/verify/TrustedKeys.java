package dispatcher.store.verify;

import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationJson;
import dispatcher.nix.StoreDir;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.nix.key.NixSignature;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The keys of `trustedPublicKeys`: what one of them has signed is believed, from any source.
public record TrustedKeys(List<NixPublicKey> keys, StoreDir storeDir) {
    /// Of one path and one key. Each costs a verification.
    private static final int MOST_SIGNATURES = 8;

    public TrustedKeys {
        keys = List.copyOf(keys);
    }

    /// Whether one of the keys has signed what `info` says.
    public boolean haveSigned(PathInfo info) {
        if (info.narSize() == 0) return false;
        return keys.stream()
                .anyMatch(key -> signatures(info)
                        .filter(signature -> signature.keyName().equals(key.name()))
                        .limit(MOST_SIGNATURES)
                        .anyMatch(signature -> key.verifies(signature, info, storeDir)));
    }

    /// The signatures of `info` by one of the keys that are right.
    public SortedSet<String> signaturesOf(PathInfo info) {
        var right = new TreeSet<String>();
        if (info.narSize() == 0) return right;
        for (var key : keys)
            signatures(info)
                    .filter(signature -> signature.keyName().equals(key.name()))
                    .limit(MOST_SIGNATURES)
                    .filter(signature -> key.verifies(signature, info, storeDir))
                    .forEach(signature -> right.add(signature.toString()));
        return right;
    }

    public boolean haveSigned(Realisation realisation) {
        return !signaturesOf(realisation).isEmpty();
    }

    /// The signatures of a realisation by one of the keys that are right.
    public SortedSet<String> signaturesOf(Realisation realisation) {
        var right = new TreeSet<String>();
        var fingerprint = RealisationJson.fingerprint(realisation);
        for (var key : keys)
            signatures(realisation.signatures())
                    .filter(signature -> signature.keyName().equals(key.name()))
                    .limit(MOST_SIGNATURES)
                    .filter(signature -> key.verifies(signature, fingerprint))
                    .forEach(signature -> right.add(signature.toString()));
        return right;
    }

    private static Stream<NixSignature> signatures(PathInfo info) {
        return signatures(info.signatures());
    }

    private static Stream<NixSignature> signatures(SortedSet<String> texts) {
        return texts.stream().flatMap(text -> {
            try {
                return Stream.of(NixSignature.parse(text));
            } catch (NixSyntaxException e) {
                return Stream.empty();
            }
        });
    }
}
