package dispatcher.cli.top;

/// What the user wants of the dispatcher.
sealed interface Order {
    record Drain(String machine) implements Order {}

    record Resume(String machine) implements Order {}

    /// @param drv    the name of the derivation's store path
    /// @param reason for its clients; may be empty
    record Cancel(String drv, String reason) implements Order {
        Cancel because(String why) {
            return new Cancel(drv, why);
        }
    }
}
