package dispatcher.protocol.worker;

import java.util.Arrays;
import java.util.Optional;

/// What a daemon thinks of its client, from 1.35 on.
public enum Trust {
    /// It does not say; before 1.35 none does.
    UNKNOWN(0),
    TRUSTED(1),
    NOT_TRUSTED(2);

    private final int number;

    Trust(int number) {
        this.number = number;
    }

    /// The number on the wire.
    public int number() {
        return number;
    }

    /// Empty for a number that Nix does not have.
    public static Optional<Trust> of(long number) {
        return Arrays.stream(values()).filter(trust -> trust.number == number).findFirst();
    }
}
