package dispatcher.store.verify;

import java.io.IOException;

/// A machine built a fixed output, and what came out cannot be one. That need not be the machine's fault:
/// versions of Nix before 2.11 notice in no other way that what was made mentions store paths.
public final class NoFixedOutputException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean claimed;

    /// @param claimed whether the machine says that it has what it does not have
    NoFixedOutputException(String what, boolean claimed) {
        super(what);
        this.claimed = claimed;
    }

    public boolean isClaimed() {
        return claimed;
    }
}
