package dispatcher.protocol;

import dispatcher.wire.ProtocolException;

/// A machine let us in, and what answered there is no Nix that we can work with.
public final class HandshakeException extends ProtocolException {
    private static final long serialVersionUID = 1L;

    /// What kind of obstacle it was; each has its own next step.
    public enum Kind {
        /// The command is not there, or not on the login's path.
        NO_NIX,
        /// The account there may run nothing.
        NO_LOGIN,
        /// The daemon that the command wants to reach does not run.
        NO_DAEMON,
        /// What answers speaks the other one of Nix's protocols.
        OTHER_PROTOCOL,
        /// Its store has another directory than ours.
        OTHER_STORE,
        /// Text came where the protocol should begin, most likely from a shell's start-up files.
        NOISE,
        /// A Nix too old for us.
        OLD_PROTOCOL,
        /// It ended, or said no, before the protocol began.
        ENDED
    }

    private final Kind kind;
    private final String nextStep;

    /// @param what     the fact with its values
    /// @param nextStep what the operator can do about it, an imperative sentence without a period
    public HandshakeException(Kind kind, String what, String nextStep) {
        super(what);
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
