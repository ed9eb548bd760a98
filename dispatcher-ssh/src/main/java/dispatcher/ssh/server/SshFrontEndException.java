package dispatcher.ssh.server;

import java.io.IOException;

/// The SSH front end cannot be started as it is set up. Says what its operator can do.
public final class SshFrontEndException extends IOException {
    private static final long serialVersionUID = 1L;
    private final String nextStep;

    SshFrontEndException(String what, String nextStep) {
        super(what);
        this.nextStep = nextStep;
    }

    SshFrontEndException(String what, String nextStep, Throwable cause) {
        super(what, cause);
        this.nextStep = nextStep;
    }

    /// An imperative sentence without a period.
    public String nextStep() {
        return nextStep;
    }
}
