package dispatcher.cli.settings;

import dispatcher.fleet.Machine;

/// Amounts of what builds share on a machine.
final class Resources {
    private Resources() {}

    /// Memory is a size, such as 64GiB; anything else a whole number.
    ///
    /// @throws IllegalArgumentException if it is neither, with a message for people
    static long parse(String name, String text) {
        if (name.equals(Machine.MEMORY)) return ByteSize.parse(text).bytes();
        if (text.matches("\\d{1,9}")) return Long.parseLong(text);
        throw new IllegalArgumentException("'%s' is not a whole number".formatted(text));
    }
}
