package dispatcher.nix;

import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a store knows of a valid path.
///
/// @param references       with the path itself if it refers to itself
/// @param registrationTime when the store got it, in whole seconds; the epoch if not known
/// @param narSize          bytes of its NAR; 0 if not known
/// @param ultimate         built by that very store; never believed of a peer
/// @param signatures       each `<key name>:<base 64>`
/// @param contentAddress   for paths that follow from their content
public record PathInfo(
        StorePath path,
        Optional<StorePath> deriver,
        NarHash narHash,
        SortedSet<StorePath> references,
        Instant registrationTime,
        long narSize,
        boolean ultimate,
        SortedSet<String> signatures,
        Optional<ContentAddress> contentAddress) {
    public PathInfo {
        references = Collections.unmodifiableSortedSet(new TreeSet<>(references));
        signatures = Collections.unmodifiableSortedSet(new TreeSet<>(signatures));
        if (narSize < 0) throw new IllegalArgumentException("NAR size " + narSize + " is negative");
    }

    /// An info with nothing known beyond what every path has.
    public static PathInfo of(StorePath path, NarHash narHash, long narSize, Collection<StorePath> references) {
        return new PathInfo(
                path,
                Optional.empty(),
                narHash,
                new TreeSet<>(references),
                Instant.EPOCH,
                narSize,
                false,
                new TreeSet<>(),
                Optional.empty());
    }

    /// The same, without the claim that the store built it.
    public PathInfo withoutUltimate() {
        return ultimate
                ? new PathInfo(
                        path,
                        deriver,
                        narHash,
                        references,
                        registrationTime,
                        narSize,
                        false,
                        signatures,
                        contentAddress)
                : this;
    }
}
