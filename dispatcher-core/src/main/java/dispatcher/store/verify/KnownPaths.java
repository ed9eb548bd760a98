package dispatcher.store.verify;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import java.util.Collection;
import java.util.List;

/// What is known of store paths without I/O: which machines have them, whether what a machine has is
/// proven to be right, and how large they are. Safe for any thread; never blocks.
///
/// @param locations which machine has what
/// @param proofs    whether that is right
/// @param sizes     of NARs, in bytes
public record KnownPaths(Locations locations, Proofs proofs, PathSizes sizes) {

    /// @param locations   what is known of the machines' stores; kept up to date from now on
    /// @param trustedKeys whose signatures prove what a machine has
    public static KnownPaths of(Locations locations, StoreDir storeDir, List<NixPublicKey> trustedKeys) {
        return new KnownPaths(locations, new Proofs(locations, storeDir, trustedKeys), new PathSizes());
    }

    /// A machine got these from here, and has them now.
    public void sent(Collection<StorePath> paths, String machine) {
        locations.add(paths, machine);
        proofs.confirm(paths, machine);
    }

    /// A machine has built these.
    public void built(Collection<PathInfo> infos, String machine) {
        locations.addBuilt(infos, machine);
        proofs.confirm(infos.stream().map(PathInfo::path).toList(), machine);
    }

    /// A source that is believed says what these paths hold.
    public void believe(Collection<PathInfo> infos) {
        sizes.add(infos);
        proofs.believe(infos);
    }

    /// Whether a machine is thought to have a path.
    public boolean isOn(String machine, StorePath path) {
        return locations.of(path).contains(machine);
    }
}
