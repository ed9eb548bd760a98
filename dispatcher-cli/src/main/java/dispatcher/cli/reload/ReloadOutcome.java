package dispatcher.cli.reload;

import dispatcher.cli.settings.yaml.Fault;
import dispatcher.cli.settings.yaml.SettingsException;
import dispatcher.cli.terminal.UserFacingException;
import java.util.List;

/// What came of reading the settings again.
public sealed interface ReloadOutcome {
    /// They are in force.
    ///
    /// @param changes     what is otherwise than before, a line each; empty if nothing is
    /// @param needRestart what is not in force before the next start, in the same form
    /// @param warnings    what is allowed and probably not meant
    record Done(List<String> changes, List<String> needRestart, List<Fault> warnings) implements ReloadOutcome {
        public Done {
            changes = List.copyOf(changes);
            needRestart = List.copyOf(needRestart);
            warnings = List.copyOf(warnings);
        }
    }

    /// Nothing has changed.
    ///
    /// @param faults each by itself; empty if the file could not be read at all
    record Refused(String why, String next, List<Fault> faults) implements ReloadOutcome {
        static final String WHAT = "the settings are not reloaded, and nothing has changed";

        public Refused {
            faults = List.copyOf(faults);
        }

        static Refused of(UserFacingException error) {
            var faults = error instanceof SettingsException wrong ? wrong.faults() : List.<Fault>of();
            var why = faults.isEmpty() ? error.what() + ": " + error.why() : error.why();
            return new Refused(why, error.next(), faults);
        }
    }
}
