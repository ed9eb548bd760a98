package dispatcher.cli.settings.value;

import dispatcher.machine.Machine;

/// Amounts of what machines have and builds share, by name: memory is a size, such as 64GiB; anything else a whole
/// number.
public final class Amounts {
    public static final Type<Long> TYPE =
            Type.of("{memory: SIZE, NAME: COUNT}", new Shape.Amounts(), text -> amount("", text));

    private Amounts() {}

    /// A size such as 64GiB if it is memory, else a whole number.
    ///
    /// @throws IllegalArgumentException if it is something else, with a message for people
    public static long amount(String name, String text) {
        if (name.equals(Machine.MEMORY)) return ByteSize.parse(text).bytes();
        if (text.matches("\\d{1,9}")) return Long.parseLong(text);
        throw new IllegalArgumentException("'%s' is not a whole number".formatted(text));
    }
}
