package dispatcher.cli.doctor;

import dispatcher.cli.ping.Problem;

/// One thing that was looked at.
///
/// @param subject what has it: `this host's Nix`, `dispatcher`, or `machine NAME`
/// @param check   what was looked at, in a word or two
/// @param why     the fact with its values
/// @param where   the file or host to change; empty if there is nothing to change, as is `next`
/// @param next    what to do, or the lines to paste there
public record Finding(State state, String subject, String check, String why, String where, String next) {
    /// From best to worst.
    public enum State {
        OK,
        /// Could not be looked at.
        UNKNOWN,
        /// It works, and probably not as well as it should.
        WARNING,
        /// Something does not work because of it.
        FAULT;

        /// As people and programs see it.
        public String word() {
            return switch (this) {
                case OK -> "ok";
                case UNKNOWN -> "unknown";
                case WARNING -> "warning";
                case FAULT -> "fault";
            };
        }
    }

    static Finding ok(String subject, String check, String why) {
        return new Finding(State.OK, subject, check, why, "", "");
    }

    static Finding warning(String subject, String check, String why, String where, String next) {
        return new Finding(State.WARNING, subject, check, why, where, next);
    }

    static Finding fault(String subject, String check, String why, String where, String next) {
        return new Finding(State.FAULT, subject, check, why, where, next);
    }

    static Finding unknown(String subject, String check, String why, String next) {
        return new Finding(State.UNKNOWN, subject, check, why, "", next);
    }

    static Finding of(State state, String subject, String where, Problem problem) {
        return new Finding(state, subject, problem.verdict(), problem.why(), where, problem.next());
    }
}
