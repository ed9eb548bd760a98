package dispatcher.cli.api;

import dispatcher.cli.terminal.UserFacingException;

/// A request names something that the dispatcher does not have.
public final class UnknownThingException extends UserFacingException {
    private static final long serialVersionUID = 1L;

    public UnknownThingException(String what, String why, String next) {
        super(what, why, next);
    }
}
