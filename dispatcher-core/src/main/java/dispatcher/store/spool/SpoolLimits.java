package dispatcher.store.spool;

/// How much a spool may hold.
///
/// @param narBytes   of NARs, whole ones and those on their way
/// @param indexBytes of memory, about, for what it knows of its paths
/// @param share      percent of either that one client gets while others want room: for what it uploads and pins, and
///     before what others keep goes for it
public record SpoolLimits(long narBytes, long indexBytes, int share) {
    public static final int WHOLE = 100;

    /// Of one path. More than a path of any package set has.
    public static final int MOST_REFERENCES = 100_000;

    /// Of one path.
    public static final int MOST_SIGNATURES = 16;

    /// A name and 64 bytes in base 64.
    public static final int LONGEST_SIGNATURE = 256;

    /// Of one path, as outputs of different derivations may be equal.
    public static final int MOST_REALISATIONS = 16;

    /// Characters of one, as JSON.
    public static final int LONGEST_REALISATION = 16 << 10;

    public SpoolLimits {
        if (narBytes <= 0) throw new IllegalArgumentException("a spool of %d bytes holds nothing".formatted(narBytes));
        if (indexBytes <= 0)
            throw new IllegalArgumentException("an index of %d bytes holds nothing".formatted(indexBytes));
        if (share < 1 || share > WHOLE)
            throw new IllegalArgumentException("a share of %d percent is not from 1 to 100".formatted(share));
    }

    /// All of it for each client, and a quarter of this program's memory for the index.
    public static SpoolLimits of(long narBytes) {
        return new SpoolLimits(narBytes, Runtime.getRuntime().maxMemory() / 4, WHOLE);
    }

    public SpoolLimits withShare(int percent) {
        return new SpoolLimits(narBytes, indexBytes, percent);
    }

    long narShare() {
        return part(narBytes);
    }

    long indexShare() {
        return part(indexBytes);
    }

    private long part(long whole) {
        return share == WHOLE ? whole : whole / WHOLE * share + whole % WHOLE * share / WHOLE;
    }
}
