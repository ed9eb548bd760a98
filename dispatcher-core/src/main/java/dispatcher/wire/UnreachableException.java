package dispatcher.wire;

import java.io.IOException;

/// A host could not be reached, or refused our login. The message says which, why, and what its owner can do.
public final class UnreachableException extends IOException {
    private static final long serialVersionUID = 1L;

    /// What kind of obstacle it was; each has its own next step.
    public enum Kind {
        /// The host name has no address.
        UNKNOWN_HOST,
        /// No route to the host or its network.
        NO_ROUTE,
        /// The host is there, and nothing listens at the port.
        REFUSED,
        /// No answer within the time allowed.
        TIMED_OUT,
        /// The host's key is not among the known ones.
        HOST_KEY_UNKNOWN,
        /// The host shows another key than the known one.
        HOST_KEY_CHANGED,
        /// The host does not accept our key for that user.
        KEY_REJECTED,
        /// Our own key file cannot be used.
        KEY_UNUSABLE,
        /// What answered is not an SSH server that we can talk to.
        NOT_SSH,
        /// The host let us in and would not open a channel or start a command.
        NO_CHANNEL,
        /// A machine that connects to us is not connected.
        AWAY,
        /// The connection broke.
        BROKEN
    }

    private final Kind kind;
    private final String nextStep;

    /// @param what     the fact with its values, e.g. `no answer from 10.0.0.7 port 22 within 10 s`
    /// @param nextStep what the operator can do about it, as an imperative sentence without a period
    public UnreachableException(Kind kind, String what, String nextStep) {
        super(what);
        this.kind = kind;
        this.nextStep = nextStep;
    }

    public UnreachableException(Kind kind, String what, String nextStep, Throwable cause) {
        super(what, cause);
        this.kind = kind;
        this.nextStep = nextStep;
    }

    public Kind kind() {
        return kind;
    }

    public String nextStep() {
        return nextStep;
    }
}
