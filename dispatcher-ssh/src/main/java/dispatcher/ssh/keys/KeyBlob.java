package dispatcher.ssh.keys;

import java.nio.ByteBuffer;

/// Reads the values that keys and agents are encoded with: numbers of 32 bits, and bytes after such a number. Makes no
/// room for what is only announced. Confined to one thread.
final class KeyBlob {
    private final ByteBuffer rest;

    KeyBlob(byte[] encoded) {
        rest = ByteBuffer.wrap(encoded);
    }

    int unsignedByte() {
        return need(1).get() & 0xff;
    }

    int number() {
        return need(Integer.BYTES).getInt();
    }

    byte[] bytes() {
        int length = number();
        if (length < 0) throw new IllegalArgumentException("a value of %d bytes".formatted(length));
        ByteBuffer from = need(length);
        byte[] value = new byte[length];
        from.get(value);
        return value;
    }

    private ByteBuffer need(int count) {
        if (rest.remaining() < count)
            throw new IllegalArgumentException(
                    "a value of %d bytes where %d are left".formatted(count, rest.remaining()));
        return rest;
    }
}
