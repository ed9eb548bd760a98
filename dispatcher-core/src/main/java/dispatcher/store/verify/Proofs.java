package dispatcher.store.verify;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.store.Fingerprints;
import dispatcher.store.Locations;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/// Which of the paths that a machine holds may go from there to other machines and to clients. A machine alone is
/// believed about what it has built for us, at the time when it built it. About anything else another source has to
/// agree:
///
/// - a client, the host's store or the machine that built it has said the same ([Locations#contents]),
/// - one of the trusted keys has signed it, or
/// - the path follows from the content, which is compared on its way.
///
/// Safe for any thread.
public final class Proofs {
    private static final int MOST_SIGNED = 100_000;
    private static final int MOST_VERDICTS = 100_000;

    /// After that a machine is asked once more what a path holds there.
    private static final Duration VERDICT_FOR = Duration.ofHours(1);

    /// Instead of a number of contents: a machine has the right one.
    private static final int CONFIRMED = -1;

    /// What shows that an info is true.
    public enum Proof {
        /// A trusted source has said the same.
        KNOWN,
        /// A trusted key has signed it.
        SIGNED,
        /// The path follows from the content, which is still to be compared.
        CONTENT,
        /// Nothing.
        NONE
    }

    private record Place(StorePath path, String machine) {}

    /// What follows from the keys that are trusted at this time.
    ///
    /// @param verdicts whether what a machine has is the right one; if not, how many contents were known then
    private record Judged(TrustedKeys keys, Fingerprints signed, Cache<Place, Integer> verdicts) {
        Judged(TrustedKeys keys) {
            this(
                    keys,
                    new Fingerprints(MOST_SIGNED),
                    Caffeine.newBuilder()
                            .maximumSize(MOST_VERDICTS)
                            .expireAfterWrite(VERDICT_FOR)
                            .build());
        }
    }

    private final Locations locations;
    private final StoreDir storeDir;
    private volatile Judged judged;

    public Proofs(Locations locations, StoreDir storeDir, List<NixPublicKey> trustedKeys) {
        this.locations = locations;
        this.storeDir = storeDir;
        this.judged = new Judged(new TrustedKeys(trustedKeys, storeDir));
    }

    /// From now on.
    public void trust(List<NixPublicKey> keys) {
        var now = new TrustedKeys(keys, storeDir);
        if (!now.equals(judged.keys())) judged = new Judged(now);
    }

    /// A trusted source says what these paths hold.
    public void believe(Collection<PathInfo> infos) {
        locations.addContents(infos);
    }

    /// @param info as a machine has reported it
    public Proof of(PathInfo info) {
        if (locations.contents().agrees(info)) return Proof.KNOWN;
        var now = judged;
        if (now.signed().agrees(info)) return Proof.SIGNED;
        if (now.keys().haveSigned(info)) {
            now.signed().add(info);
            return Proof.SIGNED;
        }
        return info.isContentAddressed(storeDir) && AddressedNar.isCheckable(info) ? Proof.CONTENT : Proof.NONE;
    }

    // ---- what machines have

    /// A machine has the right content of these: it was sent there, or built there, or was looked at.
    public void confirm(Collection<StorePath> paths, String machine) {
        for (var path : paths) judged.verdicts().put(new Place(path, machine), CONFIRMED);
    }

    /// Whether a machine was lately found to have the right content.
    public boolean isConfirmed(StorePath path, String machine) {
        return Objects.equals(judged.verdicts().getIfPresent(new Place(path, machine)), CONFIRMED);
    }

    /// A machine has the path, and nothing shows that it is the right content.
    public void unproven(StorePath path, String machine) {
        judged.verdicts().put(new Place(path, machine), contents(path));
    }

    /// Whether that was found lately, and no more is known of the path since.
    public boolean isUnproven(StorePath path, String machine) {
        return Objects.equals(judged.verdicts().getIfPresent(new Place(path, machine)), contents(path));
    }

    private int contents(StorePath path) {
        return locations.contents().count(path);
    }

    // ---- NARs

    /// The NAR of this path came from a machine, and has the hash and the content address that `info` says.
    public void received(PathInfo info) {
        if (of(info) == Proof.CONTENT) believe(List.of(info));
    }
}
