package dispatcher.protocol;

/// A version of one of the protocols; on the wire `major << 8 | minor`.
public record ProtocolVersion(int major, int minor) implements Comparable<ProtocolVersion> {
    /// Takes any number, since it is the peer's; one beyond all sense has a major that no protocol has.
    public static ProtocolVersion ofWire(long value) {
        return new ProtocolVersion((int) Math.min(value >>> 8, Integer.MAX_VALUE), (int) (value & 0xff));
    }

    public long wire() {
        return ((long) major << 8) | minor;
    }

    public boolean isAtLeast(int otherMajor, int otherMinor) {
        return major > otherMajor || (major == otherMajor && minor >= otherMinor);
    }

    public ProtocolVersion min(ProtocolVersion other) {
        return compareTo(other) <= 0 ? this : other;
    }

    @Override
    public int compareTo(ProtocolVersion other) {
        return Long.compare(wire(), other.wire());
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
