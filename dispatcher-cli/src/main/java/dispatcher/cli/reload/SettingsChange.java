package dispatcher.cli.reload;

import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsTable;
import java.util.ArrayList;
import java.util.List;

/// What settings that were read again change in those that are in force.
///
/// @param settings    what is in force with it: the new settings, but for what needs a restart
/// @param changes     what is otherwise then, for people, a line each
/// @param needRestart what the file says that only the next start will do, in the same form
/// @param reconnects  whether all machines are to be reached by new connections
public record SettingsChange(Settings settings, List<String> changes, List<String> needRestart, boolean reconnects) {
    public SettingsChange {
        changes = List.copyOf(changes);
        needRestart = List.copyOf(needRestart);
    }

    /// @param running what is in force
    /// @param read    what the file says now
    static SettingsChange of(Settings running, Settings read) {
        var changes = MachineChanges.between(running.machines(), read.machines());
        var needRestart = new ArrayList<String>();
        boolean reconnects = false;
        for (var key : SettingsTable.compared()) {
            if (!key.differs(running, read)) continue;
            switch (key.effect()) {
                case AT_ONCE, NEW_BUILDS, NEW_CLIENTS -> changes.add(key.describe(running, read));
                case NEW_CONNECTIONS -> {
                    changes.add(key.describe(running, read));
                    reconnects = true;
                }
                case RESTART -> needRestart.add(key.describe(running, read));
            }
        }
        return new SettingsChange(read.withStartOf(running), changes, needRestart, reconnects);
    }
}
