package dispatcher.nix;

import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

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
        references = copy(references);
        signatures = copy(signatures);
        if (narSize < 0) throw new IllegalArgumentException("NAR size " + narSize + " is negative");
    }

    /// Most paths have no signatures and many no references, and there may be 100,000 infos at once.
    private static <T extends Comparable<T>> SortedSet<T> copy(SortedSet<T> set) {
        return set.isEmpty() ? Collections.emptySortedSet() : Collections.unmodifiableSortedSet(new TreeSet<>(set));
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

    /// The same with one more signature.
    public PathInfo withSignature(String signature) {
        var all = new TreeSet<>(signatures);
        all.add(signature);
        return withSignatures(all);
    }

    /// The same with other signatures.
    public PathInfo withSignatures(SortedSet<String> others) {
        return new PathInfo(
                path, deriver, narHash, references, registrationTime, narSize, ultimate, others, contentAddress);
    }

    /// The same with nothing of it but what a signature covers, and no signature.
    public PathInfo signedPart() {
        return new PathInfo(
                path,
                Optional.empty(),
                narHash,
                references,
                Instant.EPOCH,
                narSize,
                false,
                Collections.emptySortedSet(),
                Optional.empty());
    }

    /// The same with that content address.
    public PathInfo withContentAddress(Optional<ContentAddress> address) {
        return new PathInfo(
                path, deriver, narHash, references, registrationTime, narSize, ultimate, signatures, address);
    }

    /// The same with what its content address is known to be.
    public PathInfo withContentAddress(ContentAddress address) {
        return new PathInfo(
                path,
                deriver,
                narHash,
                references,
                registrationTime,
                narSize,
                ultimate,
                signatures,
                Optional.of(address));
    }

    /// What a signature of this path signs: path, NAR hash, NAR size and references.
    ///
    /// Source: Nix, `src/libstore/path-info.cc`.
    ///
    /// @throws IllegalStateException if the NAR's size is not known
    public String fingerprint(StoreDir storeDir) {
        if (narSize == 0) throw new IllegalStateException("the NAR size of %s is not known".formatted(path));
        return "1;%s;%s;%d;%s"
                .formatted(
                        storeDir.print(path),
                        narHash,
                        narSize,
                        references.stream().map(storeDir::print).collect(Collectors.joining(",")));
    }

    /// Whether the path follows from its content address, so that it needs no signature once its content is checked.
    public boolean isContentAddressed(StoreDir storeDir) {
        return contentAddress
                .map(address -> StorePaths.isAddressedBy(storeDir, path, address, references))
                .orElse(false);
    }
}
